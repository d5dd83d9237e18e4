import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GroupSnapshotStatus } from "../../api/group-snapshot/types.ts";
import { aGroup, aGroupContent } from "../../testing/group-builders.ts";
import { aContentOf, aReadySnapshot } from "../../testing/objects/storage.ts";
import { simulatedClock } from "../../testing/simulated-clock.ts";
import { type EndedOperation, ledgerOf } from "./ledger.ts";
import { operationsOf, type Request } from "./operation.ts";

const start = new Date("2026-01-01T00:00:00Z");
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000).toISOString().replace(".000", "");
const driver = "driver.example.com";

type Step = GroupSnapshotStatus | "delete" | "deletion fails" | "gone";
const waiting: Step = {};
const refused: Step = { error: { message: "no", time: at(0) } };
const cut: Step = { creationTime: at(0), readyToUse: false };
const ready: Step = { creationTime: at(0), readyToUse: true };

/** Shows a ledger the steps of one group's life, a second apart. */
async function live(steps: readonly Step[], created = at(0)) {
  const clock = simulatedClock(start);
  const ended: EndedOperation[] = [];
  const counts: number[] = [];
  const metrics = {
    ended: (each: EndedOperation) => void ended.push(each),
    inFlight: (count: number) => void counts.push(count),
  };
  const ledger = ledgerOf(metrics, clock);
  let group = aGroup({}, { creationTimestamp: created });
  let content = aGroupContent(group, ["data"]);
  let seconds = 0;
  for (const step of steps) {
    if (step === "delete") group = { ...group, metadata: { ...group.metadata, deletionTimestamp: at(seconds) } };
    else if (step === "deletion fails")
      content = { ...content, status: { error: { message: "busy", time: at(seconds) } } };
    else if (step !== "gone") group = { ...group, status: step };
    const seen: Request = { of: "group", request: group, content };
    if (step === "gone") ledger.gone(seen);
    else ledger.look(seen, operationsOf(seen), driver);
    await clock.advance(1_000);
    seconds++;
  }
  const told = ended.map(({ name, status, tookMs }) => `${name.replace("Group", "")} ${status} ${tookMs / 1000}`);
  return { told, inFlight: counts.at(-1) ?? 0, most: Math.max(0, ...counts) };
}

describe("an operation", () => {
  test.each<[string, readonly Step[], readonly string[]]>([
    [
      "succeeds when the driver has cut, and when all is ready",
      [waiting, cut, ready],
      ["CreateSnapshot success 1", "CreateSnapshotAndReady success 2"],
    ],
    [
      "that fails is counted once, however often it is tried",
      [waiting, refused, refused],
      ["CreateSnapshot unknown 1", "CreateSnapshotAndReady unknown 1"],
    ],
    [
      "that fails and is done later is a failure and a success, from the moment it was asked for",
      [waiting, refused, waiting, ready],
      [
        "CreateSnapshot unknown 1",
        "CreateSnapshotAndReady unknown 1",
        "CreateSnapshot success 3",
        "CreateSnapshotAndReady success 3",
      ],
    ],
    [
      "whose object is deleted before is cancelled",
      [waiting, "delete", "gone"],
      ["CreateSnapshot cancel 1", "CreateSnapshotAndReady cancel 1", "DeleteSnapshot success 1"],
    ],
    [
      "that has failed is not cancelled as well",
      [waiting, refused, "delete"],
      ["CreateSnapshot unknown 1", "CreateSnapshotAndReady unknown 1"],
    ],
    [
      "whose object goes at once is cancelled",
      [waiting, "gone"],
      ["CreateSnapshot cancel 1", "CreateSnapshotAndReady cancel 1"],
    ],
    [
      "that was cut and is deleted before it is ready is half a success",
      [waiting, cut, "delete", "gone"],
      ["CreateSnapshot success 1", "CreateSnapshotAndReady cancel 2", "DeleteSnapshot success 1"],
    ],
    [
      "of deletion fails with its own error, and not with an older one",
      [waiting, ready, "delete", "deletion fails", "gone"],
      [
        "CreateSnapshot success 1",
        "CreateSnapshotAndReady success 1",
        "DeleteSnapshot unknown 1",
        "DeleteSnapshot success 2",
      ],
    ],
    ["that was done before it was first seen is not counted", [ready, ready], []],
    ["that had failed before it was first seen is not counted again", [refused, refused], []],
  ])("%s", async (_what, steps, expected) => {
    expect((await live(steps)).told).toEqual(expected);
  });

  test("goes on after a restart with the time it was asked for", async () => {
    const created = new Date(start.getTime() - 60_000).toISOString();
    expect((await live([waiting, ready], created)).told).toEqual([
      "CreateSnapshot success 61",
      "CreateSnapshotAndReady success 61",
    ]);
  });

  test("is in flight from its beginning to its end, and not while it has failed", async () => {
    const flights = [
      [waiting],
      [waiting, refused],
      [waiting, refused, waiting],
      [waiting, cut],
      [waiting, cut, "delete"],
    ];
    const lives = await Promise.all(flights.map((steps) => live(steps as readonly Step[])));
    expect(lives.map(({ inFlight }) => inFlight)).toEqual([2, 0, 2, 1, 1]);
  });

  test("is never left in flight when its object is gone, whatever happened to it in whatever order", async () => {
    const step = fc.constantFrom<Step>(waiting, refused, cut, ready, "delete", "deletion fails");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { inFlight, most } = await live([...steps, "gone"]);
        expect({ inFlight, tooMany: most > 3 }).toEqual({ inFlight: 0, tooMany: false });
      }),
    );
  });
});

test("what an admin has brought is not cut, so only its readiness and its deletion are operations", () => {
  const { status: _ready, ...request } = aReadySnapshot("brought");
  const source = { volumeSnapshotContentName: "by-hand" };
  const seen: Request = { of: "single", request: { ...request, spec: { source } }, content: aContentOf(request) };
  expect(operationsOf(seen).map(({ name, stand }) => `${name} ${stand}`)).toEqual(["CreateSnapshotAndReady running"]);
  const dynamic: Request = {
    ...seen,
    request: { ...request, spec: { source: { persistentVolumeClaimName: "data" } } },
  };
  expect(operationsOf(dynamic).map(({ name }) => name)).toEqual(["CreateSnapshot", "CreateSnapshotAndReady"]);
});
