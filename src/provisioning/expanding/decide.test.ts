import { expect, test } from "vitest";
import type { Capabilities } from "../../csi/capabilities.ts";
import type { ResizeStatus } from "../../kube/core/claim.ts";
import { aClaim, aStorageClass, aVolumeFor, boundTo, scriptedDriverName } from "../../testing/objects/storage.ts";
import { decideExpanding } from "./decide.ts";
import type { ExpandingSeen } from "./observe.ts";

const none: ReadonlySet<never> = new Set();
const capabilities: Capabilities = {
  driver: scriptedDriverName,
  version: "1",
  plugin: none,
  expansion: none,
  controller: new Set(["EXPAND_VOLUME"]),
  group: none,
  node: none,
};

/** A bound claim of 1Gi that asks for `storage`, on a volume of `volumeSize`. */
function asking(
  storage: string,
  { volumeSize = "1Gi", ...change }: Partial<ExpandingSeen> & { volumeSize?: string } = {},
): ExpandingSeen {
  const small = aClaim("data");
  const bound = boundTo(aVolumeFor(small), small);
  const claim = { ...bound, spec: { ...bound.spec, resources: { requests: { storage } } } };
  const volume = aVolumeFor(small, { capacity: { storage: volumeSize } });
  return { claim, volume, storageClass: aStorageClass(), capabilities, now: new Date(0), isHere: true, ...change };
}

const did = (seen: ExpandingSeen) =>
  decideExpanding(seen)
    .steps.flat()
    .map((action) => [action.do, action.requiredBytes]);

/** What was seen, with this expansion under way. */
function underWay(seen: ExpandingSeen, storage: string, progress: ResizeStatus): ExpandingSeen {
  const under = { allocatedResources: { storage }, allocatedResourceStatuses: { storage: progress } };
  return { ...seen, claim: { ...seen.claim, status: { ...seen.claim.status, ...under } } };
}

test("writes on the claim what it asks for before the volume grows, and asks for nothing else", () => {
  expect(did(asking("2Gi"))).toEqual([["announce", 2n << 30n]]);
  const announced = underWay(asking("2Gi"), "2Gi", "ControllerResizeInProgress");
  expect(did(announced)).toEqual([["expand", 2n << 30n]]);
  const changed = underWay(asking("3Gi"), "2Gi", "ControllerResizeInProgress");
  expect(did(changed)).toEqual([["announce", 3n << 30n]]);
});

test("leaves a volume of another node to the provisioner there", () => {
  expect(decideExpanding(asking("2Gi", { isHere: false }))).toMatchObject({ reason: "OtherNode", steps: [] });
});

test.each(["1Gi", "512Mi"])("leaves a volume of 1Gi as it is when its claim asks for %s", (storage) => {
  expect(decideExpanding(asking(storage))).toMatchObject({ reason: "LargeEnough", steps: [] });
});

test("waits for the node once the volume has grown and the node was told", () => {
  const seen = asking("2Gi", { volumeSize: "2Gi" });
  for (const progress of ["NodeResizePending", "NodeResizeInProgress"] as const)
    expect(decideExpanding(underWay(seen, "2Gi", progress)).reason).toBe("WaitForNode");
});

test("asks the driver again when it died between growing the volume and telling the claim", () => {
  const seen = underWay(asking("2Gi", { volumeSize: "2Gi" }), "2Gi", "ControllerResizeInProgress");
  expect(did(seen)).toEqual([["expand", 2n << 30n]]);
});

test("asks again when the claim wants still more while the node is at work", () => {
  const seen = underWay(asking("3Gi", { volumeSize: "2Gi" }), "2Gi", "NodeResizeInProgress");
  expect(did(seen)).toEqual([["announce", 3n << 30n]]);
});

test("never grows a volume of another driver, or one that is bound to another claim", () => {
  const foreign = aVolumeFor(aClaim("data"), { csi: { driver: "other", volumeHandle: "h" } });
  expect(decideExpanding(asking("2Gi", { volume: foreign })).reason).toBe("NotOurs");
  expect(decideExpanding(asking("2Gi", { volume: aVolumeFor(aClaim("other")) })).reason).toBe("NotBound");
});

test.each<[string, Partial<ExpandingSeen>, RegExp]>([
  [
    "its class does not allow it",
    { storageClass: aStorageClass({ allowVolumeExpansion: false }) },
    /2Gi is more than the 1Gi it has.*"fast" does not allow expansion/,
  ],
  ["its driver cannot", { capabilities: { ...capabilities, controller: none } }, /cannot expand volumes: ask for 1Gi/],
])("says why a volume cannot grow when %s", (_, change, message) => {
  const plan = decideExpanding(asking("2Gi", change));
  expect(plan.events?.[0]).toMatchObject({
    type: "Warning",
    reason: "VolumeResizeFailed",
    message: expect.stringMatching(message),
  });
});
