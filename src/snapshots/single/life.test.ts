import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { beingCreated, consistencyAnnotation } from "../../api/annotations.ts";
import { claimFinalizer } from "../../api/finalizers.ts";
import { contents, snapshots } from "../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotContent } from "../../api/snapshot/types.ts";
import { claims } from "../../kube/core/claim.ts";
import { type LabApi, labApi } from "../../testing/lab-api.ts";
import { aSingleWorld, contentAt, type SingleWorld } from "../../testing/single-world.ts";

let api: LabApi;
beforeAll(async () => {
  api = await labApi();
});
afterAll(() => api.stop());

type WorldOptions = Parameters<typeof aSingleWorld>[1];

/** Runs a test in a namespace and with a driver of its own. */
async function inAWorld(work: (world: SingleWorld) => Promise<void>, options?: WorldOptions): Promise<void> {
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

/** What is left of a snapshot, once everybody has gone quiet. */
async function leftovers({ client, driver, namespace, signal }: SingleWorld) {
  const ours = (content: SnapshotContent) => content.spec.volumeSnapshotRef.namespace === namespace;
  const claim = await client.get(claims, { namespace, name: "data" }, { signal });
  return {
    snapshots: (await client.list(snapshots, { namespace, signal })).items.length,
    contents: (await client.list(contents, { signal })).items.filter(ours).length,
    storage: driver.world.snapshots.size,
    isClaimProtected: claim.metadata.finalizers?.includes(claimFinalizer) ?? false,
  };
}
const nothing = { snapshots: 0, contents: 0, storage: 0, isClaimProtected: false };

async function claimIsFree(world: SingleWorld) {
  const at = { namespace: world.namespace, name: "data" };
  await world.until(claims, at, (claim) => claim?.metadata.finalizers?.includes(claimFinalizer) !== true);
}

describe("a single snapshot", () => {
  test("becomes ready, lets go of its claim, and leaves nothing behind when it is deleted", () =>
    inAWorld(async (world) => {
      world.run();
      const made = await world.snapshot("nightly");
      const ready = await world.until(snapshots, atOf(made), isReady);
      await claimIsFree(world);
      expect(ready?.status).toMatchObject({ boundVolumeSnapshotContentName: contentAt(made).name, restoreSize: "1Gi" });
      const content = await world.until(
        contents,
        contentAt(made),
        (found) => found?.metadata.annotations?.[beingCreated] === undefined,
      );
      expect(content?.status).toMatchObject({ readyToUse: true, restoreSize: 1 << 30 });
      await world.client.delete(snapshots, atOf(made), { signal: world.signal });
      await world.until(snapshots, atOf(made), isGone);
      expect(await leftovers(world)).toEqual(nothing);
    }));

  test("says on its content what the driver says that it is worth, and nothing where that says nothing", async () => {
    const worth = (consistency?: string) =>
      inAWorld(
        async (world) => {
          world.run();
          const made = await world.snapshot("nightly");
          await world.until(snapshots, atOf(made), isReady);
          const isMarked = (found?: SnapshotContent) => found?.metadata.annotations?.[beingCreated] !== undefined;
          const content = await world.until(contents, contentAt(made), (found) => !isMarked(found));
          expect(content?.metadata.annotations?.[consistencyAnnotation]).toBe(consistency);
        },
        consistency === undefined ? {} : { driver: { consistency } },
      );
    await worth("filesystem");
    await worth();
  });

  test("keeps every digit of the instant that the driver gave", () =>
    inAWorld(async (world) => {
      world.run();
      world.driver.alter("CreateSnapshot", (answer) => ({
        snapshot: { ...(answer.snapshot as object), creationTime: { seconds: 1754000000n, nanos: 123456789 } },
      }));
      const made = await world.snapshot("nightly");
      await world.until(snapshots, atOf(made), isReady);
      const content = await world.client.get(contents, contentAt(made), { signal: world.signal });
      expect(content.status?.creationTime).toBe(1754000000123456789n);
    }));

  test("holds its claim through a slow cut, also when the claim is deleted", () =>
    inAWorld(async (world) => {
      world.run();
      const release = world.driver.hold("CreateSnapshot");
      const made = await world.snapshot("nightly");
      await world.driver.called("CreateSnapshot");
      const at = { namespace: world.namespace, name: "data" };
      const deleted = await world.client.delete(claims, at, { signal: world.signal });
      expect(deleted?.metadata.finalizers).toContain(claimFinalizer);
      release();
      await world.until(snapshots, atOf(made), isReady);
      await world.until(claims, at, (claim) => !claim?.metadata.finalizers?.includes(claimFinalizer));
    }));

  test("leaves nothing behind when it is deleted during a cut that then seems to fail", () =>
    inAWorld(async (world) => {
      world.run();
      const release = world.driver.hold("CreateSnapshot");
      world.driver.fail("CreateSnapshot", "internal", { times: 1, afterwards: true });
      const made = await world.snapshot("nightly");
      await world.driver.called("CreateSnapshot");
      await world.client.delete(snapshots, atOf(made), { signal: world.signal });
      release();
      await world.until(snapshots, atOf(made), isGone);
      await claimIsFree(world);
      expect(await leftovers(world)).toEqual(nothing);
    }));

  test("shows what the driver refuses and takes the mark off", () =>
    inAWorld(async (world) => {
      world.run();
      world.driver.fail("CreateSnapshot", "invalid", { message: "volume is too odd" });
      const made = await world.snapshot("nightly");
      const shown = await world.until(snapshots, atOf(made), (found) => found?.status?.error !== undefined);
      expect(shown?.status?.error?.message).toContain("volume is too odd");
      const content = await world.until(
        contents,
        contentAt(made),
        (found) => found?.metadata.annotations?.[beingCreated] === undefined,
      );
      expect(content?.status?.snapshotHandle).toBeUndefined();
    }));

  test("is ready only after the driver said so", () =>
    inAWorld(async (world) => {
      world.driver.readyAfter(2);
      world.run();
      const made = await world.snapshot("nightly");
      await world.until(snapshots, atOf(made), isReady);
      expect([world.driver.count("CreateSnapshot"), world.driver.count("GetSnapshot")]).toEqual([1, 2]);
    }));

  test("stays on the storage when its class says Retain", () =>
    inAWorld(
      async (world) => {
        world.run();
        const made = await world.snapshot("nightly");
        await world.until(snapshots, atOf(made), isReady);
        await world.client.delete(snapshots, atOf(made), { signal: world.signal });
        await world.until(snapshots, atOf(made), isGone);
        await claimIsFree(world);
        expect(await leftovers(world)).toEqual({ ...nothing, contents: 1, storage: 1 });
        await world.client.delete(contents, contentAt(made), { signal: world.signal });
        await world.until(contents, contentAt(made), isGone);
        expect(world.driver.count("DeleteSnapshot")).toBe(0);
      },
      { snapshotClass: { deletionPolicy: "Retain" } },
    ));
});

describe("a crash", () => {
  const pairs = [0, 1, 2, 3, 4].map((actions) => [2 * actions, actions] as const);

  test.each(pairs)(
    "after %i actions of making a single snapshot and %i of deleting it changes nothing in the end",
    (making, deleting) =>
      inAWorld(async (world) => {
        const first = world.run({ actions: making });
        const made = await world.snapshot("nightly");
        await Promise.race([first.ended, world.until(snapshots, atOf(made), isReady)]);
        await first.stop();
        const second = world.run();
        await world.until(snapshots, atOf(made), isReady);
        await claimIsFree(world);
        expect(world.driver.world.snapshots.size).toBe(1);
        await second.stop();
        const third = world.run({ actions: deleting });
        await world.client.delete(snapshots, atOf(made), { signal: world.signal });
        await Promise.race([third.ended, world.until(snapshots, atOf(made), isGone)]);
        await third.stop();
        world.run();
        await world.until(snapshots, atOf(made), isGone);
        expect(await leftovers(world)).toEqual(nothing);
      }),
  );

  /** A creation takes nine actions: two on the claim, four by the controller, three by the sidecar. */
  const crashes = Array.from({ length: 10 }, (_, actions) => actions);

  test.each(crashes)(
    "after %i actions of a creation leaves nothing behind when the snapshot is deleted meanwhile",
    (actions) =>
      inAWorld(async (world) => {
        const first = world.run({ actions });
        const made = await world.snapshot("nightly");
        await Promise.race([first.ended, world.until(snapshots, atOf(made), isReady)]);
        await first.stop();
        await world.client.delete(snapshots, atOf(made), { signal: world.signal });
        world.run();
        await world.until(snapshots, atOf(made), isGone);
        await claimIsFree(world);
        expect(await leftovers(world)).toEqual(nothing);
      }),
  );
});
