import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silent } from "../../lib/log.ts";
import { type HistoryApi, historyApi, refuse, type Thing } from "../../testing/history-api.ts";
import { simulatedClock } from "../../testing/simulated-clock.ts";
import { type EventRecorder, eventRecorder } from "./events.ts";

let api: HistoryApi;
let thing: Thing;
let written: Map<string, Record<string, unknown>>;
let asked: string[];
const signal = new AbortController().signal;
const recorder = (): EventRecorder =>
  eventRecorder({ client: api.client, component: "groupsnap-test", clock: simulatedClock(), log: silent, signal });
const failed = (message: string) => ({ type: "Warning" as const, reason: "CreateFailed", message, regarding: thing });

beforeEach(async () => {
  api = await historyApi();
  thing = api.put("a");
  written = new Map();
  asked = [];
  api.fault = (request, response) => {
    asked.push(request.method);
    const body = request.body ? JSON.parse(request.body) : {};
    const name = request.path.split("/")[6] ?? body.metadata.name;
    if (request.method === "POST" && written.has(name)) refuse(response, 409, "AlreadyExists");
    else {
      written.set(name, { ...written.get(name), ...body });
      response.end(JSON.stringify({ metadata: {}, ...written.get(name) }));
    }
    return true;
  };
});
afterEach(() => api.close());

describe("events", () => {
  test("an event says who did what to which object, where kubectl describe finds it", async () => {
    const events = recorder();
    events.say(failed("the driver refuses"));
    await events.quiet();
    const [event] = written.values();
    expect(event).toMatchObject({
      involvedObject: { kind: "Thing", name: "a", namespace: "demo", uid: thing.metadata.uid },
      metadata: { namespace: "demo", name: expect.stringMatching(/^a\.9[0-9a-f]{16}$/) },
      type: "Warning",
      reason: "CreateFailed",
      message: "The driver refuses",
      source: { component: "groupsnap-test" },
      firstTimestamp: "2026-01-01T00:00:00Z",
      count: 1,
    });
  });

  test("the same event said again raises a count, in one request, and after a restart too", async () => {
    const events = recorder();
    events.say(failed("the driver refuses"));
    await events.quiet();
    events.say(failed("the driver refuses"));
    await events.quiet();
    expect([...written.values()].map((event) => event.count)).toEqual([2]);
    expect(asked).toEqual(["POST", "PATCH"]);
    const restarted = recorder();
    restarted.say(failed("the driver refuses"));
    restarted.say(failed("the driver still refuses"));
    await restarted.quiet();
    expect([...written.values()].map((event) => event.count)).toEqual([3, 1]);
  });

  test("events of one second sort by name, as kubectl shows them, in the order of the object's life", async () => {
    const events = recorder();
    const said = ["made", "cut", "ready"].map((message, stage) => ({ ...failed(message), stage }));
    for (const event of [failed("some trouble"), ...said.toReversed()]) events.say(event);
    await events.quiet();
    const sorted = [...written].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, { message }]) => message);
    expect(sorted).toEqual(["made", "cut", "ready", "Some trouble"]);
  });

  test("a server that takes no events costs nobody anything", async () => {
    api.fault = (_request, response) => {
      refuse(response, 403, "Forbidden");
      return true;
    };
    const events = recorder();
    for (let i = 0; i < 1_100; i++) events.say(failed(`attempt ${i}`));
    await events.quiet();
    expect(api.asked.length).toBeLessThanOrEqual(1_004);
  });
});
