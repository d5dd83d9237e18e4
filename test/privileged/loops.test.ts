import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { aDriver, call, type TestDriver } from "../../src/driver/testing.ts";
import { exec } from "../../src/lib/exec.ts";
import { mountedVolumes } from "../../src/testing/mounted-volumes.ts";
import { type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

let scratch: ScratchPool;
let driver: TestDriver;
afterEach(async () => {
  await driver.close();
  await scratch.remove();
});

const limits = { timeoutMs: 60_000, signal: new AbortController().signal };

/** As the kernel has them: 1 for input and output that pass the cache by, and the size of a block. */
async function deviceOver(image: string): Promise<{ readonly direct: string; readonly blockBytes: string }> {
  const { stdout } = await exec(["losetup", "--raw", "--noheadings", "--output", "DIO,LOG-SEC", "-j", image], limits);
  const [direct = "", blockBytes = ""] = stdout.trim().split(/\s+/);
  return { direct, blockBytes };
}

test.each([
  ["xfs", "freeze", "1"],
  ["btrfs", "freeze", "0"],
  ["btrfs", "atomic", "0"],
] as const)(
  "a volume on %s has a device with blocks of 4096 bytes, cached but on XFS, clones included (%s)",
  async (type, engine, direct) => {
    scratch = await scratchPool(type);
    driver = await aDriver({ poolDir: join(scratch.path, "pool"), engine, ownProcess: true });
    const volumes = mountedVolumes(driver);
    const imageOf = (id: string) => join(driver.pool, "volumes", `${id}.img`);
    for (const fsType of ["", "ext4", "xfs"] as const) {
      const source = await volumes.put(`source-${fsType}`, { fsType });
      const taken = { name: `snapshot-${fsType}`, sourceVolumeId: source.id };
      const { snapshot } = await driver.csi.controller.createSnapshot(taken, call);
      const snapshotId = snapshot?.snapshotId ?? "";
      const clone = await volumes.put(`clone-${fsType}`, { fsType, snapshotId });
      for (const { id } of [source, clone])
        expect(await deviceOver(imageOf(id))).toEqual({ direct, blockBytes: "4096" });
      for (const { id } of [clone, source]) await volumes.end(id);
    }
  },
);
