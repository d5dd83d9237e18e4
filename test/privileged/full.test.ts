import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { aDriver, call, type TestDriver } from "../../src/driver/testing.ts";
import { type MountedVolumes, mountedVolumes } from "../../src/testing/mounted-volumes.ts";
import { type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

const MiB = 1 << 20;
const pools = [
  { engine: "atomic", type: "btrfs" },
  { engine: "freeze", type: "xfs" },
] as const;

describe.each(pools)("a pool on $type that fills up", ({ engine, type }) => {
  let scratch: ScratchPool;
  let driver: TestDriver;
  let volumes: MountedVolumes;
  beforeEach(async () => {
    scratch = await scratchPool(type, 1024 * MiB);
    driver = await aDriver({ poolDir: join(scratch.path, "pool"), engine, ownProcess: true });
    volumes = mountedVolumes(driver);
  });
  afterEach(async () => {
    await driver.close();
    await scratch.remove();
  });

  test("refuses what is new, while writes to volumes that exist go on into its reserve", async () => {
    const { id, target } = await volumes.put("data", { fsType: "ext4", sizeBytes: 128 * MiB });
    const content = Buffer.alloc(64 * MiB, 7);
    await writeFile(join(target, "data"), content, { flush: true });
    const ballast = join(scratch.path, "ballast");
    await promisify(execFile)("fallocate", ["--length", String((await roomOf()) + 8 * MiB), ballast]);

    const refusal = { code: "exhausted", message: expect.stringContaining("beside its reserve") };
    await expect(driver.volume("more", 64 * MiB)).rejects.toMatchObject(refusal);
    await expect(snapshot("of data", id)).rejects.toMatchObject(refusal);
    content.fill(8);
    await writeFile(join(target, "data"), content, { flush: true });
    expect((await readFile(join(target, "data"))).equals(content)).toBe(true);
    await volumes.end(id);
  });

  const snapshot = (name: string, sourceVolumeId: string) =>
    driver.csi.controller.createSnapshot({ name, sourceVolumeId }, call);

  /** What the driver would still give away. */
  async function roomOf(): Promise<number> {
    return Number((await driver.csi.controller.getCapacity({}, call)).availableCapacity);
  }
});
