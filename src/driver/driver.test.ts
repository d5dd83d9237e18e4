import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemFiles } from "./pool/files.ts";
import type { Step } from "./pool/workshop.ts";
import { aDriver, block, call, enginesSeen, type TestDriver } from "./testing.ts";

let driver: TestDriver;
beforeEach(async () => {
  driver = await aDriver();
});
afterEach(() => driver.close());

describe("the walk", () => {
  test("two volumes are written, cut as a group, restored, and the copies hold what was there", async () => {
    const { csi } = driver;
    const [a, b] = [await driver.volume("pvc-0"), await driver.volume("pvc-1")];
    const [diskA, diskB] = [await driver.use(a), await driver.use(b)];
    await diskA.write(0, Buffer.from("one"));
    await diskB.write(4096, Buffer.from("two"));
    const asked = { name: "group-1", sourceVolumeIds: [a, b] };
    const { groupSnapshot } = await csi.groupController.createVolumeGroupSnapshot(asked, call);
    await diskA.write(0, Buffer.from("ONE"));
    await diskB.write(4096, Buffer.from("TWO"));
    const snapshots = groupSnapshot?.snapshots ?? [];
    expect(snapshots.map(({ sourceVolumeId }) => sourceVolumeId).toSorted()).toEqual([a, b].toSorted());
    expect(new Set(snapshots.map(({ creationTime }) => creationTime?.nanos)).size).toBe(1);
    const texts = await Promise.all(
      snapshots.map(async ({ snapshotId, sourceVolumeId }) => {
        const { volume } = await csi.controller.createVolume(
          {
            name: `restore-${snapshotId}`,
            volumeCapabilities: [block],
            volumeContentSource: { type: { case: "snapshot", value: { snapshotId } } },
          },
          call,
        );
        const disk = await driver.use(volume?.volumeId ?? "");
        return (await disk.read(sourceVolumeId === a ? 0 : 4096, 3)).toString();
      }),
    );
    expect(texts.toSorted()).toEqual(["one", "two"]);
    const groupSnapshotId = groupSnapshot?.groupSnapshotId ?? "";
    await csi.groupController.deleteVolumeGroupSnapshot({ groupSnapshotId }, call);
    expect(await readdir(join(driver.pool, "snapshots"))).toEqual([]);
  });
});

/** Processes are started, on a machine that may be busy. */
const patience = { timeout: 60_000 };

test(
  "the driver says which engine it uses, what it found of the others, and how much room there is",
  patience,
  async () => {
    const told = await aDriver({ engine: "auto", files: { ...systemFiles, totalBytes: async () => 2 ** 40 } });
    const { manifest } = await told.csi.identity.getPluginInfo({}, call);
    expect(manifest).toMatchObject({ engine: "userland", poolBytes: String(2 ** 40), poolIsLow: "false" });
    expect(manifest.passedOver).toMatch(/^atomic: .+; freeze: .+/);
    expect(Number(manifest.poolFreeBytes)).toBeGreaterThan(0);
    await told.close();
  },
);

test(
  "a driver that does not have the state of its pool refuses it, each time, and deletes nothing",
  patience,
  async () => {
    const id = await driver.volume("a");
    await driver.stop();
    const stateDir = join(driver.folder, "elsewhere");
    const onSamePool = () => aDriver({ poolDir: driver.pool, stateDir });
    await expect(onSamePool()).rejects.toThrow(/images \(1\) .*elsewhere\/state.db knows nothing of/);
    await expect(onSamePool()).rejects.toThrow(/images \(1\) .*elsewhere\/state.db knows nothing of/);
    await driver.start();
    expect(await readdir(join(driver.pool, "volumes"))).toEqual([`${id}.img`]);
    await driver.use(id);
  },
);

describe("stopping the driver", patience, () => {
  test("ends within 5 s even if its engine hangs in a copy, and the next start has dropped that cut", async () => {
    const engines = enginesSeen();
    const onStep = (step: Step) => {
      if (step === "cut taken") process.kill(engines.last(), "SIGSTOP");
    };
    const hanging = await aDriver({ log: engines.log, onStep });
    const id = await hanging.volume("big", 128 << 20);
    const disk = await hanging.use(id);
    for (let at = 0; at < 128 << 20; at += 16 << 20) await disk.write(at, Buffer.alloc(16 << 20, 1));
    await disk.flush();
    const asked = { name: "group", sourceVolumeIds: [id] };
    const cut = hanging.csi.groupController.createVolumeGroupSnapshot(asked, call).catch((error: unknown) => error);
    await expect.poll(() => readdir(join(hanging.pool, "snapshots")), { timeout: 10_000 }).toHaveLength(1);
    const startedMs = performance.now();
    await hanging.stop();
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(await cut).toMatchObject({ code: expect.stringMatching(/unavailable|cancelled|unknown/) });
    await hanging.start();
    await expect.poll(() => readdir(join(hanging.pool, "snapshots")), { timeout: 30_000 }).toEqual([]);
    const again = await hanging.use(id);
    expect((await again.read((16 << 20) - 1, 1))[0]).toBe(1);
    await hanging.close();
  });
});
