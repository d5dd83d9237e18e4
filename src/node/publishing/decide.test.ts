import { expect, test } from "vitest";
import type { Capabilities, ControllerCapabilityName } from "../../csi/capabilities.ts";
import type { Claim } from "../../kube/core/claim.ts";
import { aClaim, aVolumeFor, boundTo, scriptedDriverName } from "../../testing/objects/storage.ts";
import { decidePublishing } from "./decide.ts";
import type { PublishingSeen } from "./observe.ts";

const none: ReadonlySet<never> = new Set();
const able = (...controller: ControllerCapabilityName[]): Capabilities => ({
  driver: scriptedDriverName,
  version: "1",
  plugin: none,
  expansion: none,
  controller: new Set(controller),
  group: none,
  node: new Set(["STAGE_UNSTAGE_VOLUME", "EXPAND_VOLUME"]),
});
const path = "/data/volumes/shop/data";
const annotated = { annotations: { "groupsnap.dev/published-path": path } };
const record = {
  claimUid: "uid-of-data",
  namespace: "shop",
  claimName: "data",
  volumeHandle: "handle-of-data",
  targetPath: path,
  stagingPath: "/data/staging/uid-of-data",
};

function bound(meta = {}): Claim {
  const claim = aClaim("data", {}, meta);
  return boundTo(aVolumeFor(claim), claim);
}

function seeing(claim: Claim, change: Partial<PublishingSeen> = {}): PublishingSeen {
  return {
    claim,
    volume: aVolumeFor(claim),
    capabilities: able(),
    record: undefined,
    isPublished: false,
    predecessor: undefined,
    targetPath: path,
    stagingPath: record.stagingPath,
    ...change,
  };
}

const did = (seen: PublishingSeen) =>
  decidePublishing(seen)
    .steps.flat()
    .map((action) => action.do);

test("publishes a bound claim's volume, then tells its path", () => {
  expect(decidePublishing(seeing(bound())).steps).toMatchObject([
    [{ do: "publish", record }],
    [{ do: "annotate", path }],
  ]);
});

test("publishes again after a start, without telling the same path again", () => {
  expect(did(seeing(bound(annotated), { record }))).toEqual(["publish"]);
});

test("has nothing to do with a volume that is published and told", () => {
  expect(did(seeing(bound(annotated), { record, isPublished: true }))).toEqual([]);
});

test("ends what an earlier claim of the same name has left at the path first", () => {
  const predecessor = { ...record, claimUid: "uid-of-its-namesake" };
  expect(decidePublishing(seeing(bound(), { predecessor })).steps).toEqual([
    [{ do: "unpublish", record: predecessor }],
  ]);
});

test("unpublishes a claim under deletion before its path is taken away, so that it stays until then", () => {
  const going = bound({ ...annotated, deletionTimestamp: "2026-01-02T00:00:00Z" });
  expect(did(seeing(going, { record, isPublished: true }))).toEqual(["unpublish", "annotate"]);
  expect(did(seeing(going))).toEqual(["annotate"]);
});

test.each<[string, PublishingSeen]>([
  ["is not bound", seeing(aClaim("data"))],
  ["has no volume", seeing(bound(), { volume: undefined })],
  [
    "has a volume of another driver",
    seeing(bound(), { volume: aVolumeFor(bound(), { csi: { driver: "x", volumeHandle: "h" } }) }),
  ],
  ["has a volume that is bound to another", seeing(bound(), { volume: aVolumeFor(aClaim("other")) })],
])("publishes nothing for a claim that %s", (_, seen) => {
  expect(did(seen)).toEqual([]);
});

test("lets the node use the new size when the controller has left that to it, and only then", () => {
  const claim = bound(annotated);
  const volume = aVolumeFor(claim, { capacity: { storage: "2Gi" } });
  const conditions = [{ type: "FileSystemResizePending", status: "True" as const }];
  const told = { ...claim, status: { ...claim.status, conditions } };
  expect(did(seeing(told, { volume, record, isPublished: true }))).toEqual(["expand"]);
  expect(did(seeing(claim, { volume, record, isPublished: true }))).toEqual([]);
});

test("says that a driver which attaches volumes cannot be used without a cluster", () => {
  const plan = decidePublishing(seeing(bound(), { capabilities: able("PUBLISH_UNPUBLISH_VOLUME") }));
  expect([plan.steps, plan.events?.[0]?.message]).toEqual([
    [],
    expect.stringMatching(/has to attach volumes to machines/),
  ]);
});
