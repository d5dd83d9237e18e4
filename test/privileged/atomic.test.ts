import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDriver, call, type TestDriver } from "../../src/driver/testing.ts";
import { type MountedVolumes, mountedVolumes } from "../../src/testing/mounted-volumes.ts";
import { loopsBelow, type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

let scratch: ScratchPool;
let driver: TestDriver;
let volumes: MountedVolumes;

beforeAll(async () => {
  scratch = await scratchPool("btrfs");
  driver = await aDriver({ poolDir: join(scratch.path, "pool"), ownProcess: true });
  volumes = mountedVolumes(driver);
});

afterAll(async () => {
  await driver.close();
  await scratch.remove();
});

test("as root on btrfs the atomic engine is picked", async () => {
  const { manifest } = await driver.csi.identity.getPluginInfo({}, call);
  expect(manifest).toMatchObject({ engine: "atomic" });
});

test.each(["ext4", "xfs"] as const)(
  "what was written to %s volumes comes back from a group snapshot",
  async (fsType) => {
    const used = await Promise.all([0, 1].map((i) => volumes.put(`${fsType}-${i}`, { fsType })));
    for (const { target } of used) await writeFile(join(target, "note"), `of ${target}`);
    const { groupSnapshot } = await driver.csi.groupController.createVolumeGroupSnapshot(
      { name: `group-${fsType}`, sourceVolumeIds: used.map(({ id }) => id) },
      call,
    );
    for (const { target } of used) await writeFile(join(target, "note"), "later");
    for (const [i, { id, target }] of used.entries()) {
      const snapshotId = groupSnapshot?.snapshots.find((one) => one.sourceVolumeId === id)?.snapshotId ?? "";
      const copy = await volumes.put(`${fsType}-copy-${i}`, { fsType, snapshotId });
      expect(await readFile(join(copy.target, "note"), "utf8")).toBe(`of ${target}`);
      await volumes.end(copy.id);
    }
    for (const { id } of used) await volumes.end(id);
    const groupSnapshotId = groupSnapshot?.groupSnapshotId ?? "";
    await driver.csi.groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds: [] }, call);
    await expect.poll(() => loopsBelow(join(scratch.path, "pool")), { timeout: 5_000 }).toEqual([]);
  },
);
