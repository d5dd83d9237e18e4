import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../src/api/group-snapshot/types.ts";
import { groupSnapshotHandle, snapshotHandle } from "../../src/api/handles.ts";
import { managedBy } from "../../src/api/labels.ts";
import { localDriverName } from "../../src/api/local-driver.ts";
import { contents, snapshots } from "../../src/api/snapshot/resources.ts";
import { waitFor } from "../../src/kube/client/wait.ts";
import { type Claim, type ClaimSpec, claims } from "../../src/kube/core/claim.ts";
import { selectedNodeAnnotation } from "../../src/kube/core/names.ts";
import { storageCapacities } from "../../src/kube/core/storage-capacity.ts";
import { volumes } from "../../src/kube/core/volume.ts";
import type { Draft, KubeObject, Resource } from "../../src/kube/object.ts";
import { parseQuantity } from "../../src/kube/quantity.ts";
import { type LabNode, type NodesLab, nodesLab } from "../../src/testing/nodes-lab.ts";
import { saidOf } from "../../src/testing/said-events.ts";

/** Two nodes, each with its driver, provisioner and sidecar: everything happens where it belongs, and nowhere else. */
let lab: NodesLab;
let a: LabNode;
let b: LabNode;
const poolMi = 64;
beforeAll(async () => {
  lab = await nodesLab({ a: { poolSizeBytes: BigInt(poolMi) << 20n }, b: {} });
  [a, b] = lab.nodes as [LabNode, LabNode]; // just named
}, 60_000);
afterAll(() => lab.stop());
const seen = new Map<LabNode, number>();
beforeEach(() => {
  for (const node of lab.nodes) seen.set(node, node.calls.length);
});

const call = () => ({ signal: AbortSignal.timeout(40_000) });
const csiCall = () => ({ ...call(), timeoutMs: 30_000 });
const shop = (name: string) => ({ namespace: "shop", name });
const at = (resource: Resource, name: string) => (resource.namespaced ? shop(name) : { name });
const isReady = (object: { readonly status?: { readonly readyToUse?: boolean } } | undefined) =>
  object?.status?.readyToUse === true;
const labelOf = (object: KubeObject | undefined) => object?.metadata.labels?.[managedBy];
const until = <T extends KubeObject>(resource: Resource<T>, name: string, is: (object: T | undefined) => boolean) =>
  waitFor(lab.client, resource, at(resource, name), { what: `${resource.kind} ${name}`, until: is, ...call() });
const from = (name: string) => ({ apiGroup: snapshots.group, kind: snapshots.kind, name });
const gone = (object: KubeObject | undefined) => object === undefined;

const patient = { timeout: 30_000 };
const noRoom = (name: string) => async () =>
  (await saidOf(lab.client, shop(name), call().signal)).filter((message) => message.includes("RESOURCE_EXHAUSTED"));

/** How often the methods were called on the node in this test. */
const count = (node: LabNode, ...methods: readonly string[]) =>
  node.calls.slice(seen.get(node)).filter(({ method }) => methods.includes(method)).length;

interface Wanted {
  readonly node?: string;
  readonly app?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: Partial<ClaimSpec>;
}

/** A claim of 1 MiB whose pod the scheduler has put on a node. */
function claim(name: string, { node, app = name, labels, spec }: Wanted = {}): Promise<Claim> {
  const annotations = {
    "volume.kubernetes.io/storage-provisioner": localDriverName,
    ...(node && { [selectedNodeAnnotation]: node }),
  };
  const draft = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { ...shop(name), labels: { app, ...labels }, annotations },
    spec: {
      accessModes: ["ReadWriteOnce" as const],
      resources: { requests: { storage: "1Mi" } },
      storageClassName: "local",
      volumeMode: "Block" as const,
      ...spec,
    },
  };
  return lab.client.create(claims, draft, call());
}
const isBound = (found: Claim | undefined) => found?.status?.phase === "Bound";

function group(name: string, source: GroupSnapshot["spec"]["source"] = { selector: { matchLabels: { app: name } } }) {
  const draft: Draft<GroupSnapshot> = {
    apiVersion: "groupsnapshot.storage.k8s.io/v1",
    kind: "VolumeGroupSnapshot",
    metadata: shop(name),
    spec: { volumeGroupSnapshotClassName: "local", source },
  };
  return lab.client.create(groupSnapshots, draft, call());
}

function snapshot(
  name: string,
  source: { readonly persistentVolumeClaimName: string } | { readonly volumeSnapshotContentName: string },
) {
  const draft = {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: "VolumeSnapshot",
    metadata: shop(name),
    spec: { volumeSnapshotClassName: "local", source },
  };
  return lab.client.create(snapshots, draft, call());
}

async function remove(resource: Resource, ...names: readonly string[]): Promise<void> {
  for (const name of names) await lab.client.delete(resource, at(resource, name), call());
  for (const name of names) await until(resource, name, gone);
}

/** The node that the volume of a claim is on. */
async function nodeOf(claimName: string): Promise<unknown> {
  const bound = await until(claims, claimName, isBound);
  const volume = await lab.client.get(volumes, { name: bound?.spec.volumeName ?? "" }, call());
  const [term] = volume.spec.nodeAffinity?.required.nodeSelectorTerms ?? [];
  return term?.matchExpressions?.[0]?.values?.[0];
}

const onStorage = async ({ driver }: LabNode) =>
  (await driver.csi.controller.listSnapshots({}, csiCall())).entries.length;

describe("on two nodes", () => {
  beforeAll(async () => {
    for (const node of ["a", "b"])
      for (const disk of ["data", "wal"])
        await claim(`${node}-${disk}`, { node, app: node, labels: { whole: "shop" } });
    for (const name of ["a-data", "a-wal", "b-data", "b-wal"]) await until(claims, name, isBound);
  }, 60_000);

  test("a claim's volume is made on the node that was chosen for it, and on no other", async () => {
    expect(await Promise.all(["a-data", "a-wal", "b-data", "b-wal"].map(nodeOf))).toEqual(["a", "a", "b", "b"]);
    const made = ({ calls }: LabNode) => calls.filter(({ method }) => method === "createVolume").length;
    expect([made(a), made(b)]).toEqual([2, 2]);
  });

  test("groups within each node are cut at the same time, each by its own driver, and go again", async () => {
    await Promise.all([group("a"), group("b")]);
    for (const name of ["a", "b"]) {
      const ready = await until(groupSnapshots, name, isReady);
      const contentName = ready?.status?.boundVolumeGroupSnapshotContentName ?? "";
      expect(labelOf(await lab.client.get(groupContents, { name: contentName }, call()))).toBe(name);
    }
    const namesOn = ({ calls }: LabNode) =>
      new Set(calls.flatMap(({ method, request }) => (method === "createVolumeGroupSnapshot" ? [request.name] : [])));
    expect([namesOn(a).size, namesOn(b).size]).toEqual([1, 1]);
    expect([...namesOn(a)]).not.toEqual([...namesOn(b)]);
    await remove(groupSnapshots, "a", "b");
    expect([count(a, "deleteVolumeGroupSnapshot"), count(b, "deleteVolumeGroupSnapshot")]).toEqual([1, 1]);
    expect(await Promise.all([a, b].map(onStorage))).toEqual([0, 0]);
  });

  test("a group over both is refused, says which claim is where, and leaves nothing", async () => {
    await group("both", { selector: { matchLabels: { whole: "shop" } } });
    const told = await until(groupSnapshots, "both", (found) => found?.status?.error !== undefined);
    expect(told?.status?.error?.message).toMatch(
      /no node reaches all volumes \("a-data" from a; "a-wal" from a; "b-data" from b; "b-wal" from b\)/i,
    );
    await remove(groupSnapshots, "both");
    expect((await lab.client.list(groupContents, call())).items).toEqual([]);
    for (const node of [a, b]) expect(count(node, "createVolumeGroupSnapshot", "createSnapshot")).toBe(0);
    expect(await Promise.all([a, b].map(onStorage))).toEqual([0, 0]);
  });

  test("snapshots that an admin has brought are found by the node that has them, and only that one deletes them", async () => {
    const volumeOf = async (name: string) => {
      const { spec } = await lab.client.get(claims, shop(name), call());
      return (await lab.client.get(volumes, { name: spec.volumeName ?? "" }, call())).spec.csi?.volumeHandle ?? "";
    };
    const sourceVolumeIds = await Promise.all(["b-data", "b-wal"].map(volumeOf));
    const { groupSnapshot } = await b.driver.csi.groupController.createVolumeGroupSnapshot(
      { name: "by-hand", sourceVolumeIds },
      csiCall(),
    );
    const { snapshot: single } = await a.driver.csi.controller.createSnapshot(
      { name: "by-hand", sourceVolumeId: await volumeOf("a-data") },
      csiCall(),
    );
    await lab.client.create(groupContents, broughtGroup("brought", groupSnapshot), call());
    await lab.client.create(contents, brought("brought", single?.snapshotId ?? ""), call());
    await group("brought", { volumeGroupSnapshotContentName: "brought" });
    await snapshot("brought", { volumeSnapshotContentName: "brought" });
    await until(groupSnapshots, "brought", isReady);
    await until(snapshots, "brought", isReady);
    expect(labelOf(await lab.client.get(groupContents, { name: "brought" }, call()))).toBe("b");
    expect(labelOf(await lab.client.get(contents, { name: "brought" }, call()))).toBe("a");
    await remove(groupSnapshots, "brought");
    await remove(snapshots, "brought");
    expect([count(a, "deleteVolumeGroupSnapshot"), count(b, "deleteVolumeGroupSnapshot")]).toEqual([0, 1]);
    expect([count(a, "deleteSnapshot"), count(b, "deleteSnapshot")]).toEqual([1, 0]);
    expect(await Promise.all([a, b].map(onStorage))).toEqual([0, 0]);
  });

  test("a restore lands where its snapshot is: without a node, and also if another was chosen", async () => {
    await snapshot("source", { persistentVolumeClaimName: "b-data" });
    await until(snapshots, "source", isReady);
    await claim("free", { spec: { dataSource: from("source") } });
    await claim("astray", { node: "a", spec: { dataSource: from("source") } });
    expect(await Promise.all(["free", "astray"].map(nodeOf))).toEqual(["b", "b"]);
    const astray = await lab.client.get(claims, shop("astray"), call());
    expect(astray.metadata.annotations?.[selectedNodeAnnotation]).toBe("b");
    expect(count(a, "createVolume")).toBe(0);
    await remove(claims, "free", "astray");
    await remove(snapshots, "source");
  });

  test("a claim that its node has no room for goes back to the scheduler, with an event, and is owed nothing", async () => {
    const room = async () => {
      const told = (await lab.client.list(storageCapacities, { namespace: "shop", ...call() })).items;
      const here = told.filter(({ nodeTopology }) => Object.values(nodeTopology?.matchLabels ?? {}).includes("a"));
      return here.map(({ capacity }) => parseQuantity(capacity ?? "0"));
    };
    const spec = { storageClassName: "waiting", resources: { requests: { storage: `${poolMi}Mi` } } };
    await claim("large", { node: "a", labels: { "by-hand": "" }, spec });
    const handed = await until(
      claims,
      "large",
      (found) => found?.metadata.annotations?.[selectedNodeAnnotation] === undefined,
    );
    expect(handed?.metadata.finalizers ?? []).not.toContain("groupsnap.dev/provisioning");
    await expect
      .poll(noRoom("large"), patient)
      .toEqual([expect.stringContaining("; another node is to be chosen for it")]);
    const leftMi = poolMi - 2; // beside the two volumes of 1 MiB
    await expect.poll(room, patient).toEqual([BigInt(leftMi) << 20n, BigInt(leftMi) << 20n]); // of each class
    await lab.client.patch(
      claims,
      shop("large"),
      { type: "merge", patch: { metadata: { annotations: { [selectedNodeAnnotation]: "b" } } } },
      call(),
    );
    const volumeName = `pvc-${handed?.metadata.uid}`;
    await until(volumes, volumeName, (volume) => volume !== undefined);
    expect([count(a, "createVolume"), count(b, "createVolume")]).toEqual([1, 1]);
    await remove(claims, "large");
    await remove(volumes, volumeName);
  });

  test("a restore that no other node could have stays with its full node, and goes when it is deleted", async () => {
    await snapshot("full", { persistentVolumeClaimName: "a-data" });
    await until(snapshots, "full", isReady);
    const spec = {
      storageClassName: "waiting",
      resources: { requests: { storage: `${poolMi}Mi` } },
      dataSource: from("full"),
    };
    await claim("copy", { node: "a", spec });
    await expect.poll(noRoom("copy"), patient).toEqual([expect.not.stringContaining("another node")]);
    const { metadata } = await lab.client.get(claims, shop("copy"), call());
    expect(metadata.annotations?.[selectedNodeAnnotation]).toBe("a");
    await remove(claims, "copy");
    await remove(snapshots, "full");
  });

  test("a sidecar that is not told its node asks the wrong driver, which is what the counting above would catch", async () => {
    await lab.restartSidecars("b");
    await group("a");
    await expect.poll(() => count(b, "createVolumeGroupSnapshot"), patient).toBeGreaterThan(0);
    await lab.restartSidecars();
    await until(groupSnapshots, "a", isReady);
    await remove(groupSnapshots, "a");
    expect(await Promise.all([a, b].map(onStorage))).toEqual([0, 0]);
  });
});

interface CutByHand {
  readonly groupSnapshotId: string;
  readonly snapshots: readonly { readonly snapshotId: string }[];
}

function broughtGroup(name: string, cut: CutByHand | undefined) {
  const groupSnapshotHandles = {
    volumeGroupSnapshotHandle: groupSnapshotHandle(cut?.groupSnapshotId ?? ""),
    volumeSnapshotHandles: cut?.snapshots.map(({ snapshotId }) => snapshotHandle(snapshotId)) ?? [],
  };
  return {
    apiVersion: "groupsnapshot.storage.k8s.io/v1",
    kind: "VolumeGroupSnapshotContent",
    metadata: { name },
    spec: {
      driver: localDriverName,
      deletionPolicy: "Delete" as const,
      source: { groupSnapshotHandles },
      volumeGroupSnapshotRef: { kind: "VolumeGroupSnapshot", ...shop(name) },
    },
  };
}

function brought(name: string, handle: string) {
  return {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: "VolumeSnapshotContent",
    metadata: { name },
    spec: {
      driver: localDriverName,
      deletionPolicy: "Delete" as const,
      source: { snapshotHandle: snapshotHandle(handle) },
      volumeSnapshotRef: { kind: "VolumeSnapshot", ...shop(name) },
    },
  };
}
