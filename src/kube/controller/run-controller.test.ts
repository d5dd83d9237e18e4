import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { silent } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { type HistoryApi, historyApi, refuse, type Thing, things } from "../../testing/history-api.ts";
import { type SimulatedClock, simulatedClock } from "../../testing/simulated-clock.ts";
import type { Cache } from "../cache/cache.ts";
import { cacheOf } from "../cache/cache-of.ts";
import { keyOf } from "../object.ts";
import { type Reconciler, watch } from "./controller.ts";
import { again, type Next, nothing, onChange, type Plan } from "./plan.ts";
import { type ControllerDeps, runController } from "./run-controller.ts";

interface Seen {
  readonly thing: Thing;
}
type Action = { readonly do: string; readonly thing: Thing };
type Act = Reconciler<Thing, Seen, Action>["act"];

let api: HistoryApi;
let cache: Cache<Thing>;
let clock: SimulatedClock;
let stop: AbortController;
let running: Promise<unknown>[];

beforeEach(async () => {
  api = await historyApi();
  stop = new AbortController();
  clock = simulatedClock();
  cache = cacheOf({ client: api.client, resource: things, clock: systemClock, random: systemRandom, log: silent });
  running = [cache.run(stop.signal)];
});
afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  api.close();
});

const reconciler = (parts: Partial<Reconciler<Thing, Seen, Action>>): Reconciler<Thing, Seen, Action> => ({
  name: "things",
  kind: cache,
  watches: [],
  observe: (thing) => ({ thing }),
  decide: () => nothing("Settled"),
  act: () => Promise.resolve(),
  onFailure: () => nothing("Failed"),
  factsOf: ({ thing }) => thing.spec,
  ...parts,
});
const run = (parts: Partial<Reconciler<Thing, Seen, Action>>, deps: Partial<ControllerDeps> = {}) => {
  const all = {
    client: api.client,
    clock,
    random: { next: () => 0, uuid: () => "" },
    log: silent,
    signal: stop.signal,
  };
  running.push(runController(reconciler(parts), { ...all, ...deps }));
};
const plan = (thing: Thing, next: Next = onChange): Plan<Action> => ({
  reason: "Work",
  steps: [[{ do: "work", thing }]],
  next,
});
let notes = 0;
const writeNote: Act = async ({ thing }, { client, signal }) => {
  await client.updateStatus(things, { ...thing, status: { note: `note ${++notes}` } }, { signal });
};
/** Lets what is under way (requests, the watch) come to rest at this moment of simulated time. */
const settled = async (count: () => unknown) => {
  let before: unknown;
  await expect
    .poll(
      () => {
        const now = count();
        const same = now === before;
        before = now;
        return same;
      },
      { interval: 30 },
    )
    .toBe(true);
};

describe("a controller", () => {
  test("decides about each object once, and then only when something changes", async () => {
    api.put("a");
    const decided: string[] = [];
    run({
      decide: ({ thing }) => {
        decided.push(`${thing.metadata.name}@${thing.metadata.resourceVersion}`);
        return nothing("Settled");
      },
    });
    await expect.poll(() => decided).toEqual(["a@11"]);
    api.put("b");
    await expect.poll(() => decided).toEqual(["a@11", "b@12"]);
    api.put("b", { spec: { size: 2 } });
    await expect.poll(() => decided).toEqual(["a@11", "b@12", "b@13"]);
  });

  test("never decides from a cache that has not seen its own write, however late the watch is", async () => {
    api.put("a");
    const versions: string[] = [];
    run({
      decide: ({ thing }) => {
        versions.push(thing.metadata.resourceVersion);
        return thing.status ? nothing("Settled") : { ...plan(thing), next: again };
      },
      act: (action, context) => {
        api.heldBack = true;
        return writeNote(action, context);
      },
    });
    await expect.poll(() => api.objects.get("demo/a")?.status).toBeDefined();
    await api.client.get(things, { namespace: "demo", name: "a" }, { signal: stop.signal });
    expect(versions).toEqual(["11"]);
    api.heldBack = false;
    await expect.poll(() => versions).toEqual(["11", "12"]);
  });

  test("waits for the tombstone of what it deleted before it looks again", async () => {
    api.put("parent");
    api.put("child", { spec: { size: 1, parent: "demo/parent" } });
    const seen: (readonly string[])[] = [];
    run({
      watches: [watch(cache, (thing) => (thing.spec.parent ? [thing.spec.parent] : []))],
      decide: ({ thing }) => {
        if (thing.metadata.name !== "parent") return nothing("NotMine");
        seen.push(cache.list().map((each) => each.metadata.name));
        return cache.get("demo/child") ? { ...plan(thing), next: again } : nothing("Settled");
      },
      act: async (_action, { client, signal }) => {
        await client.delete(things, { namespace: "demo", name: "child" }, { signal });
      },
    });
    await expect.poll(() => seen).toEqual([["parent", "child"], ["parent"]]);
  });

  test("gives each key to one worker at a time, and different keys side by side", async () => {
    for (let i = 0; i < 5; i++) api.put(`t${i}`);
    const busy = new Set<string>();
    let overlaps = 0;
    let most = 0;
    const release = new Set<() => void>();
    run({
      decide: ({ thing }) => plan(thing),
      act: async ({ thing }) => {
        const key = keyOf(thing.metadata);
        if (busy.has(key)) overlaps++;
        busy.add(key);
        most = Math.max(most, busy.size);
        await new Promise<void>((resolve) => release.add(resolve));
        busy.delete(key);
      },
    });
    await expect.poll(() => busy.size).toBe(5);
    for (let i = 0; i < 5; i++) api.put(`t${i}`, { spec: { size: 2 } });
    await expect.poll(() => cache.get("demo/t4")?.spec.size).toBe(2);
    expect([overlaps, most]).toEqual([0, 5]);
    for (let round = 0; round < 2; round++) {
      await expect.poll(() => busy.size).toBe(5);
      for (const let_go of release) let_go();
      release.clear();
      await expect.poll(() => release.size + busy.size === 10 || busy.size === 0).toBe(true);
    }
    expect(overlaps).toBe(0);
  });

  test("carries out the actions of one step side by side, steps in order, and ends the plan at the first failure", async () => {
    api.put("a");
    const log: string[] = [];
    run({
      decide: ({ thing }) => ({
        reason: "Work",
        next: onChange,
        steps: [
          [
            { do: "first", thing },
            { do: "second", thing },
          ],
          [
            { do: "bad", thing },
            { do: "third", thing },
          ],
          [{ do: "never", thing }],
        ],
      }),
      act: async (action) => {
        log.push(`${action.do} begins`);
        await new Promise(setImmediate);
        if (action.do === "bad") throw new Failure("internal", "it broke");
        log.push(`${action.do} ends`);
      },
      onFailure: (_seen, { action, attempts }) => {
        log.push(`${action} failed ${attempts}`);
        return nothing("Failed");
      },
    });
    await expect.poll(() => log.at(-1)).toBe("bad failed 1");
    expect(log).toEqual([
      "first begins",
      "second begins",
      "first ends",
      "second ends",
      "bad begins",
      "third begins",
      "third ends",
      "bad failed 1",
    ]);
  });

  test("is not ended by a reconciler that throws, and comes back to that key later", async () => {
    api.put("a");
    api.put("b");
    let thrown = 0;
    const settledKeys: string[] = [];
    run({
      decide: ({ thing }) => {
        if (thing.metadata.name === "a" && thrown < 3) {
          thrown++;
          throw new TypeError("cannot read properties of undefined");
        }
        settledKeys.push(thing.metadata.name);
        return nothing("Settled");
      },
    });
    await expect.poll(() => settledKeys).toEqual(["b"]);
    expect(thrown).toBe(1);
    await clock.advance(10_000);
    expect([thrown, settledKeys]).toEqual([3, ["b", "a"]]);
  });

  test("ends when it is told to: running actions get the signal, and nothing new begins", async () => {
    api.put("a");
    let begun = 0;
    run({
      decide: ({ thing }) => plan(thing),
      act: (_action, { signal }) => {
        begun++;
        return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    await expect.poll(() => begun).toBe(1);
    stop.abort();
    await running[1];
    expect(begun).toBe(1);
  });

  test("waits for a cache whose kind is not served, and begins when it is there", async () => {
    api.fault = (_request, response) => {
      refuse(response, 404, "NotFound");
      return true;
    };
    const late = cacheOf({
      client: api.client,
      resource: things,
      clock: systemClock,
      random: systemRandom,
      log: silent,
    });
    running.push(late.run(stop.signal));
    await expect.poll(() => late.trouble).toBeDefined();
    let decided = 0;
    run({
      kind: late,
      decide: () => {
        decided++;
        return nothing("Settled");
      },
    });
    expect(decided).toBe(0);
    api.fault = undefined;
    api.put("a");
    await expect.poll(() => decided, { timeout: 5_000 }).toBe(1);
  });
});

describe("backoff", () => {
  const refused = new Failure("invalid", "the driver refuses");

  test("an attempt that fails for good is made 6 times in the first minute, then every 5 minutes, though its own status writes wake it", async () => {
    api.put("a");
    let calls = 0;
    run({
      decide: ({ thing }) => ({ ...plan(thing), steps: [[{ do: "write", thing }], [{ do: "call", thing }]] }),
      act: async (action, context) => {
        if (action.do === "write") return writeNote(action, context);
        calls++;
        throw refused;
      },
      onFailure: ({ thing }) => ({ ...plan(thing), steps: [[{ do: "write", thing }]] }),
    });
    await expect.poll(() => calls).toBe(1);
    for (let second = 0; second < 60; second++) {
      await settled(() => api.asked.length);
      await clock.advance(1_000);
    }
    await settled(() => calls);
    expect(calls).toBe(6);
    for (let minute = 0; minute < 60; minute++) {
      await clock.advance(60_000);
      await settled(() => api.asked.length);
    }
    expect(calls).toBe(6 + 3 + 11); // at 63, 127 and 255 s, then every 300 s
  });

  test("a fact that changed is tried at once, five times, and then the wait holds again", async () => {
    api.put("a");
    let calls = 0;
    run({
      decide: ({ thing }) => plan(thing),
      act: () => {
        calls++;
        return Promise.reject(refused);
      },
    });
    await expect.poll(() => calls).toBe(1);
    for (let size = 2; size < 10; size++) {
      api.put("a", { spec: { size } });
      await settled(() => `${calls} ${cache.get("demo/a")?.spec.size}`);
    }
    expect(calls).toBe(6);
    await clock.advance(1_000);
    expect(calls).toBe(7);
  });

  test("a fact that did not change waits, and so does one that nobody asked about", async () => {
    api.put("a");
    let calls = 0;
    run({
      decide: ({ thing }) => plan(thing),
      act: () => {
        calls++;
        return Promise.reject(refused);
      },
    });
    await expect.poll(() => calls).toBe(1);
    api.put("a", { labels: { colour: "red" } });
    await expect.poll(() => cache.get("demo/a")?.metadata.labels).toBeDefined();
    await settled(() => calls);
    expect(calls).toBe(1);
  });

  test("the server's wish to be left alone is a floor", async () => {
    api.put("a");
    let calls = 0;
    run({
      decide: ({ thing }) => plan(thing),
      act: () => {
        calls++;
        return Promise.reject(new Failure("exhausted", "busy", { retryAfterMs: 40_000 }));
      },
    });
    await expect.poll(() => calls).toBe(1);
    await clock.advance(39_000);
    expect(calls).toBe(1);
    await clock.advance(1_000);
    expect(calls).toBe(2);
  });

  test("a write that lost a race is decided anew at once, without telling of a failure", async () => {
    api.put("a");
    let tries = 0;
    let failures = 0;
    run({
      decide: ({ thing }) => (thing.status ? nothing("Settled") : plan(thing)),
      act: async (action, context) => {
        if (++tries === 1) api.put("a", { spec: { size: 5 } });
        await writeNote(action, context);
      },
      onFailure: () => {
        failures++;
        return nothing("Failed");
      },
    });
    await expect.poll(() => api.objects.get("demo/a")?.status).toBeDefined();
    expect(tries).toBeGreaterThan(1);
    expect(failures).toBe(0);
  });

  test("a failure is shown from what is there after the writes of the plan that failed", async () => {
    api.put("a");
    run({
      decide: ({ thing }) => ({ ...plan(thing), steps: [[{ do: "write", thing }], [{ do: "call", thing }]] }),
      act: async (action, context) => {
        if (action.do === "call") throw refused;
        await writeNote(action, context);
      },
      onFailure: ({ thing }, { failure }) => ({
        ...plan(thing),
        steps: [[{ do: "write", thing: { ...thing, spec: { size: 1, parent: failure.message } } }]],
      }),
    });
    await expect
      .poll(() => api.asked.filter((each) => each.method === "PUT" && each.body.includes("refuses")).length)
      .toBe(1);
    expect(api.objects.get("demo/a")?.metadata.resourceVersion).toBe("13");
  });
});

describe("what a plan wants next", () => {
  test("a poll grows from a second to its cap, and starts anew when facts change", async () => {
    api.put("a");
    const at: number[] = [];
    run({
      decide: ({ thing }) => plan(thing, { when: "poll", capMs: 8_000 }),
      act: () => {
        at.push(clock.monotonicMs());
        return Promise.resolve();
      },
    });
    await expect.poll(() => at.length).toBe(1);
    await clock.advance(30_000);
    expect(at).toEqual([0, 1_000, 3_000, 7_000, 15_000, 23_000]);
    api.put("a", { spec: { size: 2 } });
    await expect.poll(() => at.length).toBe(7);
    await clock.advance(1_000);
    expect(at.length).toBe(8);
  });

  test("later looks again after its delay, and any change before it is looked at at once", async () => {
    api.put("a");
    let looks = 0;
    run({
      decide: () => {
        looks++;
        return { reason: "Wait", steps: [], next: { when: "later", delayMs: 60_000 } };
      },
    });
    await expect.poll(() => looks).toBe(1);
    await clock.advance(59_000);
    expect(looks).toBe(1);
    await clock.advance(1_000);
    expect(looks).toBe(2);
    api.put("a", { spec: { size: 2 } });
    await expect.poll(() => looks).toBe(3);
  });

  test("a plan that wants to be followed at once for ever is slowed down", async () => {
    api.put("a");
    let looks = 0;
    run({
      decide: () => {
        looks++;
        return { reason: "Spin", steps: [], next: again };
      },
    });
    await settled(() => looks);
    expect(looks).toBe(21);
    await clock.advance(60_000);
    expect(looks).toBeLessThan(30);
  });
});
