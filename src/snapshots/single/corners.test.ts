import { afterAll, beforeAll, expect, test } from "vitest";
import { beingCreated, deletionSecretName } from "../../api/annotations.ts";
import { contentFinalizer } from "../../api/finalizers.ts";
import { snapshotHandle } from "../../api/handles.ts";
import { contents, snapshots } from "../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotContent } from "../../api/snapshot/types.ts";
import { type Claim, claims } from "../../kube/core/claim.ts";
import { secrets } from "../../kube/core/secret.ts";
import type { Draft } from "../../kube/object.ts";
import { type LabApi, labApi } from "../../testing/lab-api.ts";
import { aSingleWorld, contentAt, type SingleWorld } from "../../testing/single-world.ts";

let api: LabApi;
beforeAll(async () => {
  api = await labApi();
});
afterAll(() => api.stop());

async function inAWorld(
  work: (world: SingleWorld) => Promise<void>,
  options?: Parameters<typeof aSingleWorld>[1],
): Promise<void> {
  const world = await aSingleWorld(api, options);
  try {
    await work(world);
  } finally {
    await world.stop();
  }
}

const isReady = (snapshot: Snapshot | undefined) => snapshot?.status?.readyToUse === true;
const isGone = (object: object | undefined) => object === undefined;
const atOf = ({ metadata }: Snapshot) => ({ namespace: metadata.namespace, name: metadata.name });

/** A content that an admin makes for a snapshot that is on the storage. */
function brought({ driver, namespace }: SingleWorld, handle: string): Draft<SnapshotContent> {
  return {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: contents.kind,
    metadata: { name: `brought-to-${namespace}` },
    spec: {
      driver: driver.name,
      deletionPolicy: "Delete",
      volumeSnapshotRef: { namespace, name: "adopted" },
      source: { snapshotHandle: snapshotHandle(handle) },
    },
  };
}

function adopting({ namespace }: SingleWorld): Draft<Snapshot> {
  return {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: snapshots.kind,
    metadata: { name: "adopted", namespace },
    spec: { source: { volumeSnapshotContentName: `brought-to-${namespace}` } },
  };
}

test("a snapshot that an admin brings is bound, checked, ready, and deleted on the storage with its object", () =>
  inAWorld(async (world) => {
    const { client, driver, signal } = world;
    const sizeBytes = 1n << 30n;
    const onStorage = {
      id: "old",
      name: "old",
      sourceVolumeId: "handle-of-data",
      sizeBytes,
      createdAt: new Date(0),
      groupId: "",
    };
    driver.world.snapshots.set("old", onStorage);
    world.run();
    const content = await client.create(contents, brought(world, "old"), { signal });
    const made = await client.create(snapshots, adopting(world), { signal });
    await world.until(snapshots, atOf(made), isReady);
    const bound = await client.get(contents, content.metadata, { signal });
    expect(bound.metadata.finalizers).toContain(contentFinalizer);
    expect(bound.spec.volumeSnapshotRef).toMatchObject({ name: "adopted", uid: made.metadata.uid });
    await client.delete(snapshots, atOf(made), { signal });
    await world.until(snapshots, atOf(made), isGone);
    expect([driver.world.snapshots.size, driver.count("CreateSnapshot")]).toEqual([0, 0]);
  }));

test("a snapshot that an admin brings and the driver does not know is not ready, and says so", () =>
  inAWorld(async (world) => {
    const { client, signal } = world;
    world.run();
    await client.create(contents, brought(world, "unknown"), { signal });
    const made = await client.create(snapshots, adopting(world), { signal });
    const shown = await world.until(snapshots, atOf(made), (found) => found?.status?.error !== undefined);
    expect(shown?.status).toMatchObject({
      readyToUse: false,
      error: { message: expect.stringContaining("unknown") as string },
    });
  }));

test("a content whose snapshot lives is not lost when an admin deletes it", () =>
  inAWorld(async (world) => {
    const { client, driver, signal } = world;
    const run = world.run();
    const made = await world.snapshot("nightly");
    await world.until(snapshots, atOf(made), isReady);
    await run.stop();
    const deleted = await client.delete(contents, contentAt(made), { signal });
    expect(deleted?.metadata.finalizers).toContain(contentFinalizer);
    world.run();
    const second = await world.snapshot("second");
    await world.until(snapshots, atOf(second), isReady);
    expect([driver.world.snapshots.size, driver.count("DeleteSnapshot")]).toEqual([2, 0]);
  }));

test("a snapshot that feeds a restore by dataSourceRef stays until the claim is bound", () =>
  inAWorld(async (world) => {
    const { client, namespace, signal, driver } = world;
    world.run();
    const made = await world.snapshot("nightly");
    await world.until(snapshots, atOf(made), isReady);
    const dataSourceRef = { apiGroup: snapshots.group, kind: snapshots.kind, name: "nightly" };
    const restored: Draft<Claim> = {
      apiVersion: "v1",
      kind: claims.kind,
      metadata: { name: "restored", namespace },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
        storageClassName: "slow",
        dataSourceRef,
      },
    };
    const claim = await client.create(claims, restored, { signal });
    const deleted = await client.delete(snapshots, atOf(made), { signal });
    expect(deleted?.metadata.deletionTimestamp).toBeDefined();
    const other = await world.snapshot("other");
    await world.until(snapshots, atOf(other), isReady);
    expect(driver.count("DeleteSnapshot")).toBe(0);
    const bound = { type: "merge", patch: { spec: { volumeName: `restored-${namespace}` } } } as const;
    await client.patch(claims, claim.metadata, bound, { signal });
    await world.until(snapshots, atOf(made), isGone);
    expect(driver.count("DeleteSnapshot")).toBe(1);
  }));

test("the secret of the class goes with every call, under the name that its template means", () => {
  const prefix = "csi.storage.k8s.io/snapshotter-secret";
  const parameters = {
    tier: "gold",
    [`${prefix}-name`]: "key",
    [`${prefix}-namespace`]: `\${${"volumesnapshot.namespace"}}`,
  };
  return inAWorld(
    async (world) => {
      const { client, driver, namespace, signal } = world;
      const data = { password: Buffer.from("hush").toString("base64") };
      await client.create(
        secrets,
        { apiVersion: "v1", kind: "Secret", metadata: { name: "key", namespace }, data },
        { signal },
      );
      world.run();
      const made = await world.snapshot("nightly");
      await world.until(snapshots, atOf(made), isReady);
      const content = await client.get(contents, contentAt(made), { signal });
      await client.delete(snapshots, atOf(made), { signal });
      await world.until(snapshots, atOf(made), isGone);
      const requests = driver.calls.filter(({ method }) => method.endsWith("eSnapshot")).map(({ request }) => request);
      expect(content.metadata.annotations?.[deletionSecretName]).toBe("key");
      expect(requests).toMatchObject([
        { secrets: { password: "hush" }, parameters: { tier: "gold" } },
        { secrets: { password: "hush" } },
      ]);
    },
    { snapshotClass: { parameters } },
  );
});

test("a single snapshot costs nine writes from its creation to a free claim, and five for its deletion", () =>
  inAWorld(async (world) => {
    world.run();
    const made = await world.snapshot("nightly");
    const before = world.writes();
    await world.until(snapshots, atOf(made), isReady);
    const at = { namespace: world.namespace, name: "data" };
    await world.until(
      claims,
      at,
      (claim) => !claim?.metadata.finalizers?.some((one) => one.endsWith("pvc-as-source-protection")),
    );
    await world.until(
      contents,
      contentAt(made),
      (content) => content?.metadata.annotations?.[beingCreated] === undefined,
    );
    expect(world.writes() - before).toBeLessThanOrEqual(9);
    const ready = world.writes();
    await world.client.delete(snapshots, atOf(made), { signal: world.signal });
    await world.until(snapshots, atOf(made), isGone);
    expect(world.writes() - ready).toBeLessThanOrEqual(5);
  }));
