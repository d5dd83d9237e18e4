import { describe, expect, test } from "vitest";
import { isDefaultClass } from "../../../api/annotations.ts";
import { claimFinalizer, snapshotFinalizer, snapshotSourceFinalizer } from "../../../api/finalizers.ts";
import { parseSnapshotSource } from "../../../api/snapshot/source.ts";
import type { Snapshot, SnapshotClass, SnapshotContent } from "../../../api/snapshot/types.ts";
import { aClaim, aContentOf, aReadySnapshot, aVolumeFor, boundTo } from "../../../testing/objects/storage.ts";
import { decideBinding } from "./decide.ts";
import type { SingleSeen } from "./seen.ts";

const volume = aVolumeFor(aClaim("data"));
const claim = boundTo(volume, aClaim("data", {}, { finalizers: [claimFinalizer] }));
const fresh: Snapshot = { ...aReadySnapshot("nightly"), status: {} };
const prepared: Snapshot = {
  ...fresh,
  metadata: { ...fresh.metadata, finalizers: [snapshotFinalizer, snapshotSourceFinalizer] },
  spec: { ...fresh.spec, volumeSnapshotClassName: "gold" },
};
const gold: SnapshotClass = {
  apiVersion: "snapshot.storage.k8s.io/v1",
  kind: "VolumeSnapshotClass",
  metadata: { ...fresh.metadata, name: "gold", uid: "uid-of-gold", annotations: { [isDefaultClass]: "true" } },
  driver: "scripted.csi.example.com",
  deletionPolicy: "Delete",
};
const asked = aContentOf(prepared);
const ready: SnapshotContent = { ...asked, status: { ...asked.status, creationTime: 1754000000123456789n } };

const seenOf = (given: Partial<SingleSeen> = {}): SingleSeen => ({
  snapshot: prepared,
  source: parseSnapshotSource(given.snapshot ?? prepared),
  content: undefined,
  claim,
  volume,
  classes: [gold],
  group: undefined,
  isMember: false,
  restores: [],
  now: new Date("2026-01-01T00:00:00Z"),
  ...given,
});
const plan = (given: Partial<SingleSeen> = {}) => decideBinding(seenOf(given));
const did = (given: Partial<SingleSeen> = {}) =>
  plan(given)
    .steps.flat()
    .map((action) => action.do);

describe("binding a snapshot of a claim", () => {
  test("puts on finalizers and the default class in one patch before anything else", () => {
    expect(plan({ snapshot: fresh, claim: boundTo(volume, aClaim("data")) }).steps).toMatchObject([
      [
        {
          do: "change",
          change: {
            addFinalizers: [snapshotFinalizer, snapshotSourceFinalizer],
            spec: { volumeSnapshotClassName: "gold" },
          },
        },
      ],
    ]);
  });

  test("makes no content before the claim is protected", () => {
    expect(plan({ claim: boundTo(volume, aClaim("data")) })).toMatchObject({
      reason: "WaitForClaimProtection",
      steps: [],
    });
  });

  test("makes the content, complete, under a name computed from the uid", () => {
    expect(plan().steps).toMatchObject([
      [
        {
          do: "create",
          ownerUid: "uid-of-nightly",
          draft: {
            metadata: { name: "snapcontent-uid-of-nightly" },
            spec: {
              driver: "scripted.csi.example.com",
              deletionPolicy: "Delete",
              volumeSnapshotClassName: "gold",
              volumeSnapshotRef: { namespace: "shop", name: "nightly", uid: "uid-of-nightly" },
              source: { volumeHandle: "handle-of-data" },
              sourceVolumeMode: "Filesystem",
            },
          },
        },
      ],
    ]);
  });

  test("does not tell the volume's mode where the admin lets modes change", () => {
    const [creation] = plan({ allowsModeChange: true }).steps.flat();
    expect(creation).toMatchObject({ do: "create" });
    expect(creation).not.toHaveProperty("draft.spec.sourceVolumeMode");
  });

  test("says on the snapshot what the driver said, in the user's units", () => {
    expect(plan({ content: ready }).steps).toMatchObject([
      [
        {
          do: "writeStatus",
          status: { readyToUse: true, restoreSize: "1Gi", creationTime: "2025-07-31T22:13:20Z" },
        },
      ],
    ]);
  });

  test("writes nothing when the status says it all already", () => {
    const status = { boundVolumeSnapshotContentName: "content-of-nightly", readyToUse: true, restoreSize: "1Gi" };
    expect(did({ snapshot: { ...prepared, status }, content: asked })).toEqual([]);
  });

  test("leaves members to their group", () => {
    expect(plan({ isMember: true })).toMatchObject({ reason: "LeftToItsGroup", steps: [] });
  });

  test.each<[string, Partial<SingleSeen>, string]>([
    ["there is no claim", { claim: undefined }, 'no PersistentVolumeClaim "data"'],
    [
      "the claim is going",
      { claim: { ...claim, metadata: { ...claim.metadata, deletionTimestamp: "now" } } },
      "is being deleted",
    ],
    ["the claim is Pending", { claim: aClaim("data") }, '"data" is Pending'],
    ["the volume is missing", { volume: undefined }, "no PersistentVolume"],
    ["the volume is of no CSI driver", { volume: { ...volume, spec: {} } }, "only CSI volumes"],
    ["there is no class of that name", { classes: [] }, 'no snapshot class "gold"'],
    ["the class is of another driver", { classes: [{ ...gold, driver: "other" }] }, "for the driver other"],
    ["there is no default class", { snapshot: fresh, classes: [] }, "cannot find default snapshot class"],
    [
      "there are two default classes",
      { snapshot: fresh, classes: [gold, { ...gold }] },
      "2 default snapshot classes were found",
    ],
    [
      "the class has an unknown parameter",
      { classes: [{ ...gold, parameters: { "csi.storage.k8s.io/typo": "x" } }] },
      "csi.storage.k8s.io/typo is unknown",
    ],
    [
      "the content that it was bound to is gone",
      { snapshot: { ...prepared, status: { boundVolumeSnapshotContentName: "lost" } } },
      "lost, which this snapshot was bound to, is gone",
    ],
    [
      "the content of its name is another's",
      {
        content: {
          ...ready,
          spec: { ...ready.spec, volumeSnapshotRef: { namespace: "shop", name: "nightly", uid: "older" } },
        },
      },
      "another VolumeSnapshot",
    ],
  ])("shows the obstacle on the object and as an event when %s", (_when, given, expected) => {
    const { steps, events } = plan(given);
    const said = expect.stringContaining(expected) as string;
    expect({ steps, events }).toMatchObject({
      steps: [[{ do: "writeStatus", status: { readyToUse: false, error: { message: said } } }]],
      events: [{ type: "Warning", message: said }],
    });
  });

  test("does not write the same obstacle twice", () => {
    const [shown] = plan({ claim: undefined }).steps.flat();
    const snapshot: Snapshot = { ...prepared, ...(shown?.do === "writeStatus" && { status: shown.status }) };
    expect(did({ snapshot, claim: undefined })).toEqual([]);
  });
});

describe("binding a snapshot to a content that an admin made", () => {
  const adopting: Snapshot = { ...prepared, spec: { source: { volumeSnapshotContentName: "content-of-nightly" } } };
  const offered: SnapshotContent = {
    ...asked,
    spec: { ...asked.spec, volumeSnapshotRef: { namespace: "shop", name: "nightly" } },
  };

  test("fills in the uid, so that the content belongs to this very snapshot", () => {
    expect(plan({ snapshot: adopting, content: offered }).steps).toMatchObject([
      [{ do: "change", object: offered, change: { spec: { volumeSnapshotRef: { uid: "uid-of-nightly" } } } }],
    ]);
  });

  test.each<[string, SnapshotContent | undefined, string]>([
    ["is not there", undefined, "There is no VolumeSnapshotContent"],
    [
      "names another snapshot",
      { ...offered, spec: { ...offered.spec, volumeSnapshotRef: { namespace: "bank", name: "x" } } },
      "belongs to bank/x",
    ],
    [
      "asks for a new cut",
      { ...offered, spec: { ...offered.spec, source: { volumeHandle: "v" as never } } },
      "asks for a new cut",
    ],
  ])("is refused when the content %s", (_when, content, expected) => {
    expect(plan({ snapshot: adopting, content }).events).toMatchObject([
      { message: expect.stringContaining(expected) as string },
    ]);
  });
});
