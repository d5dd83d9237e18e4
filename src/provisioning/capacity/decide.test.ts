import { expect, test } from "vitest";
import type { StorageCapacity } from "../../kube/core/storage-capacity.ts";
import { type CapacityDraft, decideCapacity } from "./decide.ts";
import type { CapacitySeen } from "./observe.ts";

const owner = { apiVersion: "v1", kind: "Pod", name: "driver-1", uid: "uid-1" };
const room = (className: string, availableBytes: bigint) => ({ className, availableBytes, largestBytes: 0n });

function seeing(change: Partial<CapacitySeen> = {}): CapacitySeen {
  return {
    driver: "d",
    place: { zone: "a" },
    rooms: [room("fast", 5n << 30n)],
    told: [],
    options: { namespace: "ns", owner, forImmediateBinding: true, pollMs: 60_000, timeoutMs: 1_000 },
    ...change,
  };
}
const did = (seen: CapacitySeen) => decideCapacity(seen).steps.flat();
const drafts = (seen: CapacitySeen) =>
  did(seen).flatMap((action): CapacityDraft[] => (action.do === "tell" ? [action.capacity] : []));
/** What was told, as the API server has it. */
const stored = (seen: CapacitySeen) =>
  drafts(seen).map((draft) => ({
    ...draft,
    metadata: { ...draft.metadata, uid: "u", resourceVersion: "1", creationTimestamp: "" },
  })) as readonly StorageCapacity[];

test("room is told for each class, in the place of the node, with the pod as owner", () => {
  const told = drafts(seeing({ rooms: [room("fast", 5n << 30n), room("slow", 1n << 30n)] }));
  expect(told).toMatchObject([
    { storageClassName: "fast", capacity: "5Gi", nodeTopology: { matchLabels: { zone: "a" } } },
    { storageClassName: "slow", capacity: "1Gi", metadata: { namespace: "ns", ownerReferences: [owner] } },
  ]);
  expect(new Set(told.map(({ metadata }) => metadata.name)).size).toBe(2);
});

test("room that has not changed by a mebibyte is not told again", () => {
  const told = stored(seeing());
  expect(did(seeing({ told, rooms: [room("fast", (5n << 30n) + 1000n)] }))).toEqual([]);
  expect(did(seeing({ told, rooms: [room("fast", 4n << 30n)] }))).toMatchObject([
    { do: "correct", capacity: { capacity: "4Gi" } },
  ]);
});

test("a limit of the driver on a volume is told too", () => {
  expect(drafts(seeing({ rooms: [{ ...room("fast", 5n << 30n), largestBytes: 1n << 30n }] }))).toMatchObject([
    { maximumVolumeSize: "1Gi" },
  ]);
});

test("what was told of a class that is gone, and by a pod before this one, is forgotten; other places stay", () => {
  const told = stored(seeing());
  expect(did(seeing({ told, rooms: [] }))).toMatchObject([{ do: "forget" }]);
  const options = { ...seeing().options, owner: { ...owner, uid: "uid-2" } };
  expect(did(seeing({ told, options })).map((action) => action.do)).toEqual(["tell", "forget"]);
  expect(did(seeing({ told, place: { zone: "b" }, rooms: [] }))).toEqual([]);
});

test("nothing is told of a node where the driver does not serve; elsewhere the driver is asked again and again", () => {
  expect(decideCapacity(seeing({ place: undefined }))).toMatchObject({ reason: "NotHere", steps: [] });
  expect(decideCapacity(seeing()).next).toEqual({ when: "later", delayMs: 60_000 });
});
