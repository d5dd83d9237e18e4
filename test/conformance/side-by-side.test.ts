import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crds } from "../../src/api/crds.ts";
import { groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { groupSnapshotHandle, snapshotHandle } from "../../src/api/handles.ts";
import { contents, snapshots } from "../../src/api/snapshot/resources.ts";
import type { KubeObject, Resource } from "../../src/kube/object.ts";
import { exec } from "../../src/lib/exec.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { type KubeApiserver, kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { type Program, program } from "../../src/testing/program.ts";
import { type ScriptedDriver, scriptedDriver } from "../../src/testing/scripted-driver.ts";
import { binaries } from "./binaries.ts";
import { aShop, type Shop } from "./shop.ts";
import { type UpstreamProgram, upstreamController, upstreamSidecar } from "./upstream.ts";

/** What a pair of processes works on: an API, and a driver's socket. */
interface Place {
  readonly kubeconfig: string;
  readonly csiAddress: string;
  readonly folder: string;
}

let groupsnap: Program;
let api: KubeApiserver;
let scripted: ScriptedDriver;
let folder: string;
beforeAll(async () => {
  groupsnap = program();
  folder = mkdtempSync(join(tmpdir(), "gs-side-"));
  scripted = await scriptedDriver();
  scripted.readyAfter(1);
  api = await kubeApiserver(binaries());
  await kubectl("apply", "--server-side", "-f", "deploy/crds");
  await kubectl("wait", "--for=condition=Established", "crd", ...crds.map(({ metadata }) => metadata.name));
}, 90_000);
afterAll(async () => {
  await groupsnap.clean();
  await scripted.stop();
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

const kubectl = (...args: string[]) =>
  exec([join(binaries(), "kubectl"), "--kubeconfig", api.kubeconfigPath, ...args], {
    timeoutMs: 30_000,
    signal: AbortSignal.timeout(30_000),
  });

const realPlace = async (): Promise<Place> => ({
  kubeconfig: api.kubeconfigPath,
  csiAddress: scripted.address,
  folder,
});

/** Our API server and our driver, each a process of its own. */
async function ownPlace(): Promise<Place> {
  const csiAddress = join(groupsnap.folder, "csi.sock");
  const pool = ["--endpoint", `unix://${csiAddress}`, "--node-id", "n", "--pool", join(groupsnap.folder, "pool")];
  await groupsnap.start(["driver", ...pool]);
  const dataDir = join(groupsnap.folder, "api");
  const { ready } = await groupsnap.start(["apiserver", "--crds", "--port", "0", "--data-dir", dataDir]);
  return { kubeconfig: ready.replace("kubeconfig ", ""), csiAddress, folder };
}

const ours = async (...argv: readonly string[]): Promise<UpstreamProgram> => {
  const daemon = await groupsnap.start(argv);
  return { stop: async () => void (await daemon.end("SIGTERM")) };
};
const ourController = ({ kubeconfig }: Place) => ours("snapshot-controller", "--kubeconfig", kubeconfig);
const ourSidecar = ({ kubeconfig, csiAddress }: Place) =>
  ours("csi-snapshotter", "--kubeconfig", kubeconfig, "--csi-address", csiAddress);

const call = () => ({ signal: AbortSignal.timeout(30_000) });
const csiCall = () => ({ ...call(), timeoutMs: 10_000 });
const isReady = ({ status }: { readonly status?: { readonly readyToUse?: boolean } }) => status?.readyToUse === true;

const isHeld = ({ metadata }: KubeObject) => (metadata.finalizers ?? []).length > 0;

/** Upstream makes members of cuts that it asked for itself, and leaves those that an admin brought to the admin. */
const pairs = [
  {
    pair: "our controller with upstream's sidecar",
    place: realPlace,
    controller: ourController,
    sidecar: upstreamSidecar,
    membersOfBrought: 2,
  },
  {
    pair: "upstream's controller with our sidecar",
    place: realPlace,
    controller: upstreamController,
    sidecar: ourSidecar,
    membersOfBrought: 0,
  },
  {
    pair: "upstream's controller and sidecar on our API server and driver",
    place: ownPlace,
    controller: upstreamController,
    sidecar: upstreamSidecar,
    membersOfBrought: 0,
  },
];

describe.each(pairs)("$pair", ({ place, controller, sidecar, membersOfBrought }) => {
  let shop: Shop;
  let running: readonly UpstreamProgram[];
  let handles: readonly string[];
  beforeAll(async () => {
    const at = await place();
    shop = await aShop({ ...at, namespace: `shop-${systemRandom.uuid()}` });
    running = [await controller(at), await sidecar(at)];
    handles = [await shop.claim("data", "db"), await shop.claim("wal", "db")];
  }, 90_000);
  afterAll(async () => {
    await Promise.all(running.map((one) => one.stop()));
    shop.close();
  });

  const selected = { selector: { matchLabels: { app: "db" } } };

  async function membersOf(group: string) {
    const { items } = await shop.client.list(snapshots, { namespace: shop.namespace, ...call() });
    return items.filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === group));
  }

  /**
   * Deletes an object, waits until all that hung on it is gone, and tells what is left on the storage. Upstream's controller
   * forgets what hangs on a request that is deleted before it has put its finalizer on it.
   */
  async function remains(resource: Resource, name: string): Promise<readonly string[]> {
    await shop.until(resource, name, isHeld);
    await shop.remove(resource, name);
    await shop.until(resource, name);
    await shop.untilEmpty();
    return shop.leftOnStorage();
  }

  test("cuts a group, makes its members ready, and leaves nothing of it when it is deleted", async () => {
    await shop.group("nightly", { volumeGroupSnapshotClassName: "delete", source: selected });
    const group = await shop.until(groupSnapshots, "nightly", isReady);
    expect(group?.status?.error).toBeUndefined();
    const members = await membersOf("nightly");
    const claimNames = members.map(({ spec }) => spec.source.persistentVolumeClaimName ?? "");
    expect(new Set(claimNames)).toEqual(new Set(["data", "wal"]));
    for (const { metadata } of members) await shop.until(snapshots, metadata.name, isReady);
    expect(await shop.leftOnStorage()).toHaveLength(2);
    expect(await remains(groupSnapshots, "nightly")).toEqual([]);
  });

  test("binds a group that an admin brought, and deletes it from the storage with its policy", async () => {
    const { groupSnapshot } = await shop.csi.groupController.createVolumeGroupSnapshot(
      { name: "by-hand", sourceVolumeIds: [...handles] },
      csiCall(),
    );
    const found = {
      volumeGroupSnapshotHandle: groupSnapshotHandle(groupSnapshot?.groupSnapshotId ?? ""),
      volumeSnapshotHandles: (groupSnapshot?.snapshots ?? []).map(({ snapshotId }) => snapshotHandle(snapshotId)),
    };
    await shop.groupContent("brought", {
      driver: shop.driver,
      deletionPolicy: "Delete",
      volumeGroupSnapshotClassName: "delete",
      volumeGroupSnapshotRef: { name: "brought", namespace: shop.namespace },
      source: { groupSnapshotHandles: found },
    });
    await shop.group("brought", {
      volumeGroupSnapshotClassName: "delete",
      source: { volumeGroupSnapshotContentName: "brought" },
    });
    const group = await shop.until(groupSnapshots, "brought", isReady);
    expect(group?.status?.boundVolumeGroupSnapshotContentName).toBe("brought");
    await shop.until(groupContents, "brought", isHeld);
    expect(await membersOf("brought")).toHaveLength(membersOfBrought);
    expect(await remains(groupSnapshots, "brought")).toEqual([]);
  });

  test("cuts a single snapshot, and leaves nothing of it when it is deleted", async () => {
    await shop.single("one", { volumeSnapshotClassName: "delete", source: { persistentVolumeClaimName: "data" } });
    const snapshot = await shop.until(snapshots, "one", isReady);
    expect(snapshot?.status?.restoreSize).toBeDefined();
    expect(await remains(snapshots, "one")).toEqual([]);
  });

  test("binds a single snapshot that an admin brought, and deletes it from the storage with its policy", async () => {
    const made = await shop.csi.controller.createSnapshot(
      { name: "hand", sourceVolumeId: handles[0] ?? "" },
      csiCall(),
    );
    await shop.content("found", {
      driver: shop.driver,
      deletionPolicy: "Delete",
      volumeSnapshotRef: { name: "found", namespace: shop.namespace },
      source: { snapshotHandle: snapshotHandle(made.snapshot?.snapshotId ?? "") },
    });
    await shop.single("found", { source: { volumeSnapshotContentName: "found" } });
    const snapshot = await shop.until(snapshots, "found", isReady);
    expect(snapshot?.status?.boundVolumeSnapshotContentName).toBe("found");
    await shop.until(contents, "found", isHeld);
    expect(await remains(snapshots, "found")).toEqual([]);
  });

  test("keeps the cut of a group whose policy is to retain it, also when its contents are deleted by hand", async () => {
    await shop.group("kept", { volumeGroupSnapshotClassName: "retain", source: selected });
    await shop.until(groupSnapshots, "kept", isReady);
    await shop.remove(groupSnapshots, "kept");
    await shop.until(groupSnapshots, "kept");
    const [kept] = (await shop.client.list(groupContents, call())).items;
    expect(kept?.spec.volumeGroupSnapshotRef.name).toBe("kept");
    for (const resource of [groupContents, contents])
      for (const { metadata } of (await shop.client.list<KubeObject>(resource, call())).items)
        await shop.remove(resource, metadata.name);
    await shop.untilEmpty();
    const snapshotIds = [...(await shop.leftOnStorage())];
    expect(snapshotIds).toHaveLength(2);
    const groupSnapshotId = kept?.status?.volumeGroupSnapshotHandle ?? "";
    await shop.csi.groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds }, csiCall());
    expect(await shop.leftOnStorage()).toEqual([]);
  });
});
