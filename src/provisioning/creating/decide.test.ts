import { describe, expect, test } from "vitest";
import { able, fromClaim, fromSnapshot, ours, seeing } from "../../testing/creating-builders.ts";
import { aClaim, aStorageClass, aVolumeFor } from "../../testing/objects/storage.ts";
import { decideCreating, giveUpNode } from "./decide.ts";
import type { CreatingSeen } from "./observe.ts";

const protectedToo = { ...ours, finalizers: ["groupsnap.dev/provisioning"] };
const terminating = { deletionTimestamp: "2026-01-02T00:00:00Z" };

const did = (seen: CreatingSeen) => decideCreating(seen).steps.map((step) => step.map((action) => action.do));
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

describe("where every node has a provisioner", () => {
  const here = { options: { timeoutMs: 1, extraCreateMetadata: false, nodeName: "a" } };
  const plan = (change: Partial<CreatingSeen>, meta = ours) =>
    decideCreating(seeing(aClaim("data", {}, meta), { ...here, ...change }));

  test("writes the node on a claim that is free, before anything else", () => {
    expect(plan({ turn: { kind: "free" } }).steps).toMatchObject([[{ do: "assignClaim", nodeName: "a" }]]);
  });

  test("makes the volume of a claim that names the node, and leaves one that names another, also to undo", () => {
    expect(plan({ turn: { kind: "ours" } }).reason).toBe("Provision");
    expect(plan({ turn: { kind: "others" } }).reason).toBe("OtherNode");
    expect(plan({ turn: { kind: "others" } }, { ...protectedToo, ...terminating }).reason).toBe("OtherNode");
  });

  test("waits while others come first, and then says what stands in the way, or takes the claim", () => {
    expect(plan({ turn: { kind: "later", delayMs: 5 } })).toMatchObject({ next: { when: "later", delayMs: 5 } });
    expect(plan({ turn: { kind: "free" }, places: { kind: "nowhere", problem: "no room" } })).toMatchObject({
      steps: [],
      events: [{ message: "no room" }],
    });
  });
});

describe("a node that was chosen for a claim", () => {
  const here = {
    options: { timeoutMs: 1, extraCreateMetadata: false, nodeName: "a" },
    turn: { kind: "ours" },
  } as const;
  const chosen = { annotations: { ...ours.annotations, "volume.kubernetes.io/selected-node": "a" } };
  const elsewhere = { ...here, source: fromSnapshot, isSourceHere: false };
  const waiting = aStorageClass({ volumeBindingMode: "WaitForFirstConsumer" });
  const full = { ...here, storageClass: waiting, places: { kind: "somewhere", requisite: [{ node: "a" }] } } as const;
  const given = (change: Partial<CreatingSeen>, meta: Parameters<typeof aClaim>[2] = chosen) =>
    giveUpNode(seeing(aClaim("copy", {}, meta), { ...full, ...change })).map((action) => action.do);

  test("without the source of its volume gives it to the node that has the source, and says so", () => {
    const plan = decideCreating(seeing(aClaim("copy", {}, chosen), { ...elsewhere, otherNodes: ["b"] }));
    expect(plan.steps).toMatchObject([[{ do: "assignClaim", nodeName: "b" }]]);
    expect(plan.events).toMatchObject([
      { type: "Normal", message: expect.stringContaining('is on node "b", not on "a"') },
    ]);
  });

  test("owes nothing before the claim goes on to the node of its source", () => {
    const meta = { ...chosen, finalizers: ["groupsnap.dev/provisioning"] };
    const plan = decideCreating(seeing(aClaim("copy", {}, meta), { ...elsewhere, otherNodes: ["b"] }));
    expect(plan.reason).toBe("UndoProvision");
  });

  test("keeps a claim whose source is on no node that has the driver, and says that", () => {
    const plan = decideCreating(seeing(aClaim("copy", {}, chosen), elsewhere));
    expect(plan).toMatchObject({
      steps: [],
      events: [{ type: "Warning", message: expect.stringContaining("start the driver there") }],
    });
  });

  test("hands it back when it has no room, if the scheduler chose it and could choose another", () => {
    expect(given({})).toEqual(["handBack"]);
    expect(given({ otherNodes: ["b"] })).toEqual(["handBack"]);
    expect(given({ storageClass: aStorageClass() })).toEqual([]);
    expect(given({ places: { kind: "anywhere" } })).toEqual([]);
    expect(given({}, ours)).toEqual([]);
  });

  test("keeps a claim that it has no room for where no other node has the source", () => {
    expect(given({ source: fromSnapshot, otherNodes: [] })).toEqual([]);
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
