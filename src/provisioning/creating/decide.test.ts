import { describe, expect, test } from "vitest";
import type { Capabilities, ControllerCapabilityName } from "../../csi/capabilities.ts";
import type { Claim } from "../../kube/core/claim.ts";
import {
  aClaim,
  aContentOf,
  aReadySnapshot,
  aStorageClass,
  aVolumeFor,
  boundTo,
  scriptedDriverName,
} from "../../testing/objects/storage.ts";
import { decideCreating } from "./decide.ts";
import type { CreatingSeen } from "./observe.ts";

const ours = { annotations: { "volume.kubernetes.io/storage-provisioner": scriptedDriverName } };
const protectedToo = { ...ours, finalizers: ["groupsnap.dev/provisioning"] };
const terminating = { deletionTimestamp: "2026-01-02T00:00:00Z" };

function able(controller: readonly ControllerCapabilityName[]): Capabilities {
  const none: ReadonlySet<never> = new Set();
  const version = "1";
  return {
    driver: scriptedDriverName,
    version,
    plugin: none,
    expansion: none,
    controller: new Set(controller),
    group: none,
    node: none,
  };
}
const ableToAll = able(["CREATE_DELETE_VOLUME", "CREATE_DELETE_SNAPSHOT", "CLONE_VOLUME"]);

function seeing(claim: Claim, change: Partial<CreatingSeen> = {}): CreatingSeen {
  return {
    claim,
    storageClass: aStorageClass(),
    volume: undefined,
    source: { kind: "empty" },
    places: { kind: "anywhere" },
    capabilities: ableToAll,
    options: { timeoutMs: 1_000, extraCreateMetadata: false },
    snapshotTrouble: undefined,
    ...change,
  };
}

const snapshot = aReadySnapshot("daily");
const content = aContentOf(snapshot);
const fromSnapshot = { kind: "snapshot" as const, name: "daily", snapshot, content };
const origin = aClaim("origin");
const originVolume = aVolumeFor(origin);
const fromClaim = {
  kind: "claim" as const,
  name: "origin",
  claim: boundTo(originVolume, origin),
  volume: originVolume,
};

const did = (seen: CreatingSeen) => decideCreating(seen).steps.map((step) => step.map((action) => action.do));
const said = (seen: CreatingSeen) => decideCreating(seen).events?.map((event) => event.message)[0];
const ordered = (seen: CreatingSeen) =>
  decideCreating(seen)
    .steps.flat()
    .flatMap((action) => (action.do === "provision" ? [action.order.request] : []))[0];

describe("the life of a claim's volume", () => {
  test("protects a claim before the driver is asked for its volume", () => {
    expect(did(seeing(aClaim("data", {}, ours)))).toEqual([["protectClaim"], ["provision"]]);
  });

  test("does not protect a claim twice when the driver has to be asked again", () => {
    expect(did(seeing(aClaim("data", {}, protectedToo)))).toEqual([["provision"]]);
  });

  test("takes its finalizer off the claim once the volume is there", () => {
    const claim = aClaim("data", {}, protectedToo);
    expect(did(seeing(claim, { volume: aVolumeFor(claim) }))).toEqual([["unprotectClaim"]]);
  });

  test("has nothing to do with a claim whose volume is there", () => {
    const claim = aClaim("data", {}, ours);
    expect(did(seeing(claim, { volume: aVolumeFor(claim) }))).toEqual([]);
  });

  test("undoes the volume of a claim that was deleted before the volume was there", () => {
    expect(did(seeing(aClaim("data", {}, { ...protectedToo, ...terminating })))).toEqual([
      ["undo"],
      ["unprotectClaim"],
    ]);
  });

  test("undoes the volume of a claim that was given another one meanwhile", () => {
    const claim = aClaim("data", { volumeName: "by-hand" }, protectedToo);
    expect(did(seeing(claim))).toEqual([["undo"], ["unprotectClaim"]]);
  });

  test("undoes a volume even when its class is gone", () => {
    const claim = aClaim("data", {}, { ...protectedToo, ...terminating });
    expect(did(seeing(claim, { storageClass: undefined }))).toEqual([["undo"], ["unprotectClaim"]]);
  });

  test.each([
    ["no binder has named a driver for", aClaim("data")],
    [
      "another driver is named for",
      aClaim("data", {}, { annotations: { "volume.kubernetes.io/storage-provisioner": "x" } }),
    ],
    ["is being deleted", aClaim("data", {}, { ...ours, ...terminating })],
    ["has another volume", aClaim("data", { volumeName: "by-hand" }, ours)],
  ])("leaves alone a claim that %s", (_, claim) => {
    expect(did(seeing(claim))).toEqual([]);
  });

  test("waits for the first consumer's node where the class says so, without a word", () => {
    const waiting = aStorageClass({ volumeBindingMode: "WaitForFirstConsumer" });
    const plan = decideCreating(seeing(aClaim("data", {}, ours), { storageClass: waiting }));
    expect([plan.steps, plan.events]).toEqual([[], undefined]);
    const selected = { annotations: { ...ours.annotations, "volume.kubernetes.io/selected-node": "node-1" } };
    expect(did(seeing(aClaim("data", {}, selected), { storageClass: waiting })).flat()).toContain("provision");
  });
});

describe("what the driver is asked for", () => {
  test("orders an empty volume under a name made of the claim's uid, with the class's own parameters", () => {
    const parameters = { kind: "ssd", "csi.storage.k8s.io/fstype": "xfs" };
    const storageClass = aStorageClass({ parameters, mountOptions: ["noatime"] });
    expect(ordered(seeing(aClaim("data", {}, ours), { storageClass }))).toEqual({
      name: "pvc-uid-of-data",
      capacityRange: { requiredBytes: 1n << 30n, limitBytes: 0n },
      parameters: { kind: "ssd" },
      volumeCapabilities: [
        { accessMode: { mode: 1 }, accessType: { case: "mount", value: { fsType: "xfs", mountFlags: ["noatime"] } } },
      ],
    });
  });

  test("orders a block volume, and tells one writer from several where the driver can", () => {
    const claim = aClaim("data", { volumeMode: "Block", accessModes: ["ReadWriteOnce", "ReadWriteOncePod"] }, ours);
    const capabilities = able(["CREATE_DELETE_VOLUME", "SINGLE_NODE_MULTI_WRITER"]);
    expect(ordered(seeing(claim, { capabilities }))?.volumeCapabilities).toEqual([
      { accessMode: { mode: 7 }, accessType: { case: "block", value: {} } },
      { accessMode: { mode: 6 }, accessType: { case: "block", value: {} } },
    ]);
  });

  test("orders the data of a snapshot, or of another claim, by the driver's handle", () => {
    const sources = [fromSnapshot, fromClaim].map((source) => seeing(aClaim("copy", {}, ours), { source }));
    expect(sources.map((seen) => ordered(seen)?.volumeContentSource)).toEqual([
      { type: { case: "snapshot", value: { snapshotId: "handle-of-daily" } } },
      { type: { case: "volume", value: { volumeId: "handle-of-origin" } } },
    ]);
  });

  test("lets a claim be larger than the snapshot it is made from", () => {
    const larger = { resources: { requests: { storage: "3Gi" } } };
    const seen = seeing(aClaim("copy", larger, ours), { source: fromSnapshot });
    expect(ordered(seen)?.capacityRange?.requiredBytes).toBe(3n << 30n);
  });

  test("tells the driver the names of claim and volume when it is to know them", () => {
    const options = { timeoutMs: 1, extraCreateMetadata: true };
    expect(ordered(seeing(aClaim("data", {}, ours), { options }))?.parameters).toEqual({
      "csi.storage.k8s.io/pvc/name": "data",
      "csi.storage.k8s.io/pvc/namespace": "shop",
      "csi.storage.k8s.io/pv/name": "pvc-uid-of-data",
    });
  });

  test("asks for the places where the volume can be used", () => {
    const places = { kind: "somewhere" as const, requisite: [{ zone: "a" }] };
    expect(ordered(seeing(aClaim("data", {}, ours), { places }))?.accessibilityRequirements).toEqual({
      requisite: [{ segments: { zone: "a" } }],
      preferred: [{ segments: { zone: "a" } }],
    });
  });
});

describe("what a claim is refused for", () => {
  const claim = aClaim("copy", {}, ours);
  const asking = (storage: string) => aClaim("copy", { resources: { requests: { storage } } }, ours);
  const snapshotWith = (change: object) => ({ ...fromSnapshot, ...change });
  const unready = { ...snapshot, status: { ...snapshot.status, readyToUse: false } };
  const otherDriver = { ...content, spec: { ...content.spec, driver: "other.csi.example.com" } };
  const otherRef = { ...content, spec: { ...content.spec, volumeSnapshotRef: { name: "daily", uid: "older" } } };
  const allowed = {
    ...content,
    metadata: {
      ...content.metadata,
      annotations: { "snapshot.storage.kubernetes.io/allow-volume-mode-change": "true" },
    },
  };
  const block = aClaim("copy", { volumeMode: "Block" }, ours);
  const foreign = { apiGroup: "example.com", kind: "Dump", name: "d" };

  test.each<[string, CreatingSeen, RegExp]>([
    [
      "a class that does not exist",
      seeing(claim, { storageClass: undefined }),
      /storageClassName names "fast".*create it/,
    ],
    ["a driver that makes no volumes", seeing(claim, { capabilities: able([]) }), /no CREATE_DELETE_VOLUME/],
    [
      "a source in another namespace",
      seeing(claim, { source: { kind: "elsewhere", namespace: "bank" } }),
      /dataSourceRef.namespace is "bank"/,
    ],
    [
      "a source for a populator",
      seeing(claim, { source: { kind: "foreign", source: foreign } }),
      /Dump.example.com "d": a volume populator/,
    ],
    [
      "a selector",
      seeing(aClaim("copy", { selector: { matchLabels: { a: "b" } } }, ours)),
      /spec.selector chooses.*remove it/,
    ],
    ["no access mode", seeing(aClaim("copy", { accessModes: [] }, ours)), /spec.accessModes is empty/],
    [
      "an access mode the driver lacks",
      seeing(aClaim("copy", { accessModes: ["ReadWriteOncePod"] }, ours)),
      /use ReadWriteOnce$/,
    ],
    ["no size", seeing(aClaim("copy", { resources: {} }, ours)), /requests.storage is missing/],
    ["a size of nothing", seeing(asking("0")), /requests.storage is 0/],
    ["a size that is none", seeing(asking("much")), /"much" is no size/],
    [
      "a size over its own limit",
      seeing(aClaim("copy", { resources: { requests: { storage: "2Gi" }, limits: { storage: "1Gi" } } }, ours)),
      /2Gi is over the limit 1Gi: lower it/,
    ],
    [
      "snapshots that cannot be seen",
      seeing(claim, { source: fromSnapshot, snapshotTrouble: "no CRD" }),
      /cannot be looked at: no CRD/,
    ],
    [
      "a snapshot that does not exist",
      seeing(claim, { source: snapshotWith({ snapshot: undefined }) }),
      /VolumeSnapshot "daily", which does not exist/,
    ],
    [
      "a snapshot that is not ready",
      seeing(claim, { source: snapshotWith({ snapshot: unready }) }),
      /"daily" is not ready to use yet/,
    ],
    [
      "a snapshot whose content is another's",
      seeing(claim, { source: snapshotWith({ content: otherRef }) }),
      /bound to another snapshot/,
    ],
    [
      "a snapshot of another driver",
      seeing(claim, { source: snapshotWith({ content: otherDriver }) }),
      /is of driver other.csi.example.com.*use a class of/,
    ],
    [
      "another mode than the snapshot's",
      seeing(block, { source: fromSnapshot }),
      /spec.volumeMode is Block.*use Filesystem, or set/,
    ],
    [
      "less room than its snapshot needs",
      seeing(asking("512Mi"), { source: fromSnapshot }),
      /512Mi is less than the 1Gi of VolumeSnapshot "daily": ask for 1Gi/,
    ],
    [
      "a source claim that does not exist",
      seeing(claim, { source: { ...fromClaim, claim: undefined } }),
      /claim "origin", which does not exist/,
    ],
    [
      "a source claim that is not bound",
      seeing(claim, { source: { ...fromClaim, claim: origin } }),
      /"origin" is not bound yet/,
    ],
    [
      "a source claim when the driver cannot copy",
      seeing(claim, { source: fromClaim, capabilities: able(["CREATE_DELETE_VOLUME"]) }),
      /no CLONE_VOLUME/,
    ],
    [
      "less room than its source claim has",
      seeing(asking("1Mi"), { source: fromClaim }),
      /1Mi is less than the 1Gi of claim "origin"/,
    ],
    [
      "another mode than its source claim's",
      seeing(block, { source: fromClaim }),
      /claim "origin" is Filesystem: use Filesystem/,
    ],
    [
      "a class with a parameter nobody knows",
      seeing(claim, { storageClass: aStorageClass({ parameters: { "csi.storage.k8s.io/fstyp": "xfs" } }) }),
      /"fast" cannot be used: parameter csi.storage.k8s.io\/fstyp is unknown/,
    ],
    [
      "no node that has the driver",
      seeing(claim, { places: { kind: "nowhere", problem: "no node has" } }),
      /no node has/,
    ],
  ])("names field, value and remedy when it refuses %s", (_, seen, message) => {
    expect(said(seen)).toMatch(message);
    expect(did(seen)).toEqual([]);
  });

  test("lets the mode change where the snapshot's content allows it", () => {
    expect(did(seeing(block, { source: snapshotWith({ content: allowed }) })).flat()).toContain("provision");
  });
});
