import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { contentFinalizer, groupContentFinalizer } from "../../../api/finalizers.ts";
import { groupContents, groupSnapshots } from "../../../api/group-snapshot/resources.ts";
import { groupSnapshotHandle, snapshotHandle } from "../../../api/handles.ts";
import { managedBy } from "../../../api/labels.ts";
import { contents, snapshots } from "../../../api/snapshot/resources.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import type { KubeObject } from "../../../kube/object.ts";
import { type Clock, systemClock } from "../../../lib/clock.ts";
import { aGroup, aGroupContent } from "../../../testing/group-builders.ts";
import { aContentOf, aReadySnapshot } from "../../../testing/objects/storage.ts";
import { type ScriptedDriver, scriptedDriver } from "../../../testing/scripted-driver.ts";
import type { LabProcess } from "../../../testing/snapshot-lab/processes.ts";
import { type SnapshotLab, snapshotLab, strip } from "../../../testing/snapshot-lab.ts";
import { patienceMs } from "./decide.ts";

let lab: SnapshotLab;
let n1: ScriptedDriver;
let n2: ScriptedDriver;
const sidecars: LabProcess[] = [];
beforeAll(async () => {
  lab = await snapshotLab();
  n1 = lab.driver;
  n2 = await scriptedDriver();
  for (const kind of ["snapshot", "group"]) for (let id = 0; id < 100; id++) n2.world.nextId(kind); // no id is on both
  await lab.start("controller", { snapshots: { distributedSnapshotting: true } });
  await startSidecars();
});
afterEach(() => {
  for (const driver of [n1, n2]) driver.heal();
});
afterAll(async () => {
  await lab.stop();
  await n2.stop();
});

async function startSidecars(clock: Clock = systemClock) {
  await Promise.all(sidecars.splice(0).map((sidecar) => sidecar.stop()));
  sidecars.push(await lab.start("sidecar", { nodeName: "n1", clock }));
  sidecars.push(await lab.start("sidecar", { nodeName: "n2", clock, csi: () => n2.csi }));
}

const { signal } = new AbortController();
const call = { signal, timeoutMs: 5_000 };
const shop = (name: string) => ({ namespace: "shop", name });
const labelOf = (object: KubeObject | undefined) => object?.metadata.labels?.[managedBy];
const isReady = (object: { readonly status?: { readonly readyToUse?: boolean } } | undefined) =>
  object?.status?.readyToUse === true;
const gone = (object: KubeObject | undefined) => object === undefined;

/** A snapshot that nobody's objects know of. */
async function cutOn(driver: ScriptedDriver, name: string): Promise<string> {
  driver.world.addVolume({ id: `volume-${name}`, name, sizeBytes: 1n << 30n });
  const { snapshot } = await driver.csi.controller.createSnapshot({ name, sourceVolumeId: `volume-${name}` }, call);
  return snapshot?.snapshotId ?? "";
}

/** The content that an admin writes for it, and the snapshot that names it. */
async function bring(name: string, handle: string, spec: Partial<SnapshotContent["spec"]> = {}) {
  const { status: _status, ...model } = strip(aContentOf(aReadySnapshot(name)));
  const { uid: _uid, ...volumeSnapshotRef } = model.spec.volumeSnapshotRef;
  const source = { snapshotHandle: snapshotHandle(handle) };
  const content = { ...model, metadata: { name }, spec: { ...model.spec, volumeSnapshotRef, source, ...spec } };
  await lab.client.create(contents, content, call);
}

async function adopt(name: string) {
  const { status: _ready, ...snapshot } = strip(aReadySnapshot(name));
  const adopting = { ...snapshot, spec: { source: { volumeSnapshotContentName: name } } };
  await lab.client.create(snapshots, adopting, call);
}

async function remove(name: string) {
  await lab.client.delete(snapshots, shop(name), call);
  await lab.until(snapshots, shop(name), gone);
  await lab.until(contents, { name }, gone);
}

describe("where every node has its sidecar, a snapshot that an admin has brought", () => {
  test("is found by the node that has it, and by no other, and goes with its VolumeSnapshot", async () => {
    const handle = await cutOn(n2, "here");
    await bring("here", handle);
    await adopt("here");
    await lab.until(snapshots, shop("here"), isReady);
    expect(labelOf(await lab.client.get(contents, { name: "here" }, call))).toBe("n2");
    await remove("here");
    expect([n1.count("DeleteSnapshot"), n2.count("DeleteSnapshot")]).toEqual([0, 1]);
    expect(n2.world.snapshots.size).toBe(0);
  });

  test("is found although its content is being deleted already", async () => {
    await bring("doomed", await cutOn(n2, "doomed"), { deletionPolicy: "Delete" });
    n2.fail("GetSnapshot", "unavailable", { times: 1 });
    await lab.until(contents, { name: "doomed" }, (content) =>
      Boolean(content?.metadata.finalizers?.includes(contentFinalizer)),
    );
    await lab.client.delete(contents, { name: "doomed" }, call);
    await lab.until(contents, { name: "doomed" }, gone);
    expect(n2.world.snapshots.size).toBe(0);
  });

  test("is worked on by one node alone where two know it", async () => {
    const handle = await cutOn(n1, "both");
    const open = [n1.hold("GetSnapshot"), n2.hold("GetSnapshot")];
    n2.world.snapshots.set(handle, { ...required(n1.world.snapshots.get(handle)) });
    const asked = Promise.all([n1.called("GetSnapshot"), n2.called("GetSnapshot")]);
    await bring("both", handle);
    await asked;
    for (const release of open) release();
    await adopt("both");
    await lab.until(snapshots, shop("both"), isReady);
    await remove("both");
    const deletions = [n1, n2].map(
      ({ calls }) =>
        calls.filter(
          ({ method, request }) =>
            method === "DeleteSnapshot" && "snapshotId" in request && request.snapshotId === handle,
        ).length,
    );
    expect(deletions.toSorted((a, b) => a - b)).toEqual([0, 1]);
    for (const { world } of [n1, n2]) world.snapshots.clear();
  });

  test("that no node has keeps its content, and lets it go five minutes after its deletion", async () => {
    await bring("nowhere", "typo");
    await adopt("nowhere");
    await lab.until(contents, { name: "nowhere" }, (content) => Boolean(content?.spec.volumeSnapshotRef.uid));
    await lab.client.delete(snapshots, shop("nowhere"), call);
    await lab.until(contents, { name: "nowhere" }, (content) => content?.metadata.deletionTimestamp !== undefined);
    await lab.settled();
    expect(labelOf(await lab.client.get(contents, { name: "nowhere" }, call))).toBeUndefined();
    await startSidecars({ ...systemClock, now: () => new Date(systemClock.now().getTime() + patienceMs) });
    await lab.until(contents, { name: "nowhere" }, gone);
    await lab.until(snapshots, shop("nowhere"), gone);
    await startSidecars();
  });
});

test("a group snapshot that an admin has brought is found by its node, its members are that node's, and it goes again", async () => {
  for (const name of ["data", "wal"]) n2.world.addVolume({ id: `volume-${name}`, name, sizeBytes: 1n << 30n });
  const sourceVolumeIds = ["volume-data", "volume-wal"];
  const { groupSnapshot } = await n2.csi.groupController.createVolumeGroupSnapshot(
    { name: "group", sourceVolumeIds },
    call,
  );
  const model = strip(aGroupContent(aGroup({}, { name: "group", namespace: "shop" }), []));
  const { uid: _uid, ...volumeGroupSnapshotRef } = model.spec.volumeGroupSnapshotRef;
  const volumeSnapshotHandles = groupSnapshot?.snapshots.map(({ snapshotId }) => snapshotHandle(snapshotId)) ?? [];
  const volumeGroupSnapshotHandle = groupSnapshotHandle(groupSnapshot?.groupSnapshotId ?? "");
  const groupSnapshotHandles = { volumeGroupSnapshotHandle, volumeSnapshotHandles };
  const metadata = { name: "brought-group", finalizers: [groupContentFinalizer] };
  const content = {
    ...model,
    metadata,
    spec: { ...model.spec, volumeGroupSnapshotRef, source: { groupSnapshotHandles } },
  };
  await lab.client.create(groupContents, content, call);
  const spec = { source: { volumeGroupSnapshotContentName: "brought-group" } };
  await lab.client.create(groupSnapshots, strip(aGroup({ spec }, { name: "group", namespace: "shop" })), call);
  await lab.until(groupSnapshots, shop("group"), isReady);
  expect(labelOf(await lab.client.get(groupContents, { name: "brought-group" }, call))).toBe("n2");
  expect((await lab.client.list(contents, call)).items.map(labelOf)).toEqual(["n2", "n2"]);
  await lab.client.delete(groupSnapshots, shop("group"), call);
  await lab.until(groupSnapshots, shop("group"), gone);
  expect(n2.world.groups.size).toBe(0);
  expect(n1.count("DeleteVolumeGroupSnapshot")).toBe(0);
  expect(await lab.leftovers()).toEqual([]);
});

test("a snapshot that was cut while one sidecar worked for all nodes is found by its handle, and goes with its VolumeSnapshot", async () => {
  await Promise.all(sidecars.splice(0).map((sidecar) => sidecar.stop()));
  const central = await lab.start("sidecar", { csi: () => n2.csi });
  n2.world.addVolume({ id: "handle-of-old-data", name: "old-data", sizeBytes: 1n << 30n });
  await lab.makeClaims("old", ["old-data"]);
  await lab.makeSnapshot("old", "old-data");
  const ready = await lab.until(snapshots, shop("old"), isReady);
  await central.stop();
  const name = ready?.status?.boundVolumeSnapshotContentName ?? "";
  expect(labelOf(await lab.client.get(contents, { name }, call))).toBeUndefined();
  await startSidecars();
  await lab.until(contents, { name }, (content) => labelOf(content) === "n2");
  await lab.client.delete(snapshots, shop("old"), call);
  await lab.until(contents, { name }, gone);
  expect(n2.world.snapshots.size).toBe(0);
});

test("sidecars that are told not to look leave contents without a label to upstream's way", async () => {
  await Promise.all(sidecars.splice(0).map((sidecar) => sidecar.stop()));
  sidecars.push(await lab.start("sidecar", { nodeName: "n1", findPreProvisioned: false }));
  const asked = n1.count("GetSnapshot");
  await bring("by-hand", await cutOn(n1, "by-hand"));
  await adopt("by-hand");
  await lab.until(contents, { name: "by-hand" }, (content) => Boolean(content?.spec.volumeSnapshotRef.uid));
  await lab.settled();
  expect(n1.count("GetSnapshot")).toBe(asked);
  const patch = { metadata: { labels: { [managedBy]: "n1" } } };
  await lab.client.patch(contents, { name: "by-hand" }, { type: "merge", patch }, call);
  await lab.until(snapshots, shop("by-hand"), isReady);
  await remove("by-hand");
  expect(await lab.leftovers()).toEqual([]);
});

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("it was just made");
  return value;
}
