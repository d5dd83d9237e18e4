import { open } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { loadExtents } from "../../src/driver/filesystem/extents.ts";
import { aDriver, call, type TestDriver } from "../../src/driver/testing.ts";
import { exec } from "../../src/lib/exec.ts";
import { mountedVolumes } from "../../src/testing/mounted-volumes.ts";
import { type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

const MiB = 1 << 20;
let scratch: ScratchPool;
let driver: TestDriver;
afterEach(async () => {
  await driver.close();
  await scratch.remove();
});

test.each([
  ["atomic", "btrfs", ["btrfs", "filesystem", "sync"]], // which frees the cut, too, that the snapshot was taken out of
  ["freeze", "xfs", ["sync", "--file-system"]],
] as const)(
  "a snapshot takes up what was overwritten since it was taken, and nothing before (%s)",
  async (engine, type, sync) => {
    scratch = await scratchPool(type);
    driver = await aDriver({ poolDir: join(scratch.path, "pool"), engine, ownProcess: true });
    const extents = await loadExtents();
    const volumes = mountedVolumes(driver);
    const { id, target } = await volumes.put("data", { fsType: "", sizeBytes: 64 * MiB });
    const overwrite = async (bytes: number, value: number) => {
      const device = await open(target, "r+");
      await device.write(Buffer.alloc(bytes, value), 0, bytes, 0);
      await device.sync();
      await device.close();
    };
    await overwrite(16 * MiB, 1);
    const { snapshot } = await driver.csi.controller.createSnapshot({ name: "s", sourceVolumeId: id }, call);
    const image = join(driver.pool, "snapshots", `${snapshot?.snapshotId}.img`);
    const exclusiveNow = async () => {
      await exec([...sync, scratch.path], { timeoutMs: 60_000, signal: new AbortController().signal });
      return extents?.exclusiveBytes(image);
    };
    expect(await exclusiveNow()).toBe(0);
    await overwrite(16 * MiB, 2); // btrfs frees extents whole, and so counts them
    await expect.poll(exclusiveNow, { timeout: 60_000 }).toBeGreaterThanOrEqual(16 * MiB);
    expect(await exclusiveNow()).toBeLessThan(20 * MiB);
    await driver.csi.controller.deleteSnapshot({ snapshotId: snapshot?.snapshotId ?? "" }, call);
    await volumes.end(id);
  },
);
