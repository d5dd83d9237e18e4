import { expect, test } from "vitest";
import type { Capabilities } from "../../csi/capabilities.ts";
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
  return { claim, volume, storageClass: aStorageClass(), capabilities, now: new Date(0), ...change };
}

const did = (seen: ExpandingSeen) =>
  decideExpanding(seen)
    .steps.flat()
    .map((action) => action.requiredBytes);

test("grows the volume of a claim that asks for more than it has", () => {
  expect(did(asking("2Gi"))).toEqual([2n << 30n]);
});

test.each(["1Gi", "512Mi"])("leaves a volume of 1Gi as it is when its claim asks for %s", (storage) => {
  expect(decideExpanding(asking(storage))).toMatchObject({ reason: "LargeEnough", steps: [] });
});

test("waits for the node once the volume has grown and the node was told", () => {
  const seen = asking("2Gi", { volumeSize: "2Gi" });
  const conditions = [{ type: "FileSystemResizePending", status: "True" as const }];
  const told = { ...seen, claim: { ...seen.claim, status: { ...seen.claim.status, conditions } } };
  expect(decideExpanding(told).reason).toBe("WaitForNode");
});

test("asks the driver again when it died between growing the volume and telling the claim", () => {
  expect(did(asking("2Gi", { volumeSize: "2Gi" }))).toEqual([2n << 30n]);
});

test("asks again when the claim wants still more while the node is at work", () => {
  const seen = asking("3Gi", { volumeSize: "2Gi" });
  const conditions = [{ type: "FileSystemResizePending", status: "True" as const }];
  expect(did({ ...seen, claim: { ...seen.claim, status: { ...seen.claim.status, conditions } } })).toEqual([3n << 30n]);
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
