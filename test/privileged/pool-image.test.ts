import { rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { aDriver, call, type TestDriver } from "../../src/driver/testing.ts";
import { releaseScratch, scratchFolder } from "../../src/testing/scratch-pool.ts";

const MiB = 1 << 20;
let folder: string;
let drivers: TestDriver[];
beforeEach(async () => {
  folder = await scratchFolder();
  drivers = [];
});
afterEach(async () => {
  for (const driver of drivers) await driver.close();
  await releaseScratch(folder);
});

async function start(type: "btrfs" | "xfs", sizeBytes: number): Promise<TestDriver> {
  const poolImage = { path: join(folder, "pool.img"), sizeBytes, type };
  const driver = await aDriver({ poolDir: join(folder, "mnt"), poolImage, ownProcess: true });
  drivers.push(driver);
  return driver;
}

const engineOf = async (driver: TestDriver) => (await driver.csi.identity.getPluginInfo({}, call)).manifest.engine;
const sizeOfPool = async () => {
  const { blocks, bsize } = await statfs(join(folder, "mnt"));
  return blocks * bsize;
};

describe("a pool in an image of its own", () => {
  test.each([
    ["btrfs", "atomic"],
    ["xfs", "freeze"],
  ] as const)(
    "of %s is made, formatted and mounted, and its volumes are cut by the %s engine",
    async (type, engine) => {
      const driver = await start(type, 768 * MiB);
      expect(await engineOf(driver)).toBe(engine);
      expect(await driver.volume("data", 16 * MiB)).toMatch(/^vol-/);
    },
  );

  test("keeps its volumes over a restart, and is grown while it is mounted", async () => {
    const driver = await start("btrfs", 768 * MiB);
    const id = await driver.volume("data", 16 * MiB);
    const before = await sizeOfPool();
    await driver.stop();
    const larger = await start("btrfs", 1024 * MiB);
    expect((await larger.csi.controller.listVolumes({}, call)).entries.map(({ volume }) => volume?.volumeId)).toEqual([
      id,
    ]);
    expect(await sizeOfPool()).toBeGreaterThan(before + 200 * MiB);
  });

  test("is not mounted over a folder that has files, and an image with something else on it is left alone", async () => {
    const driver = await start("xfs", 768 * MiB);
    await driver.stop();
    await expect(start("btrfs", 768 * MiB)).rejects.toThrow("the driver ended before it served");
    await releaseScratch(folder);
    folder = await scratchFolder();
    await rm(join(folder, "mnt"), { recursive: true, force: true });
    await writeFile(join(folder, "note"), "mine");
    const poolImage = { path: join(folder, "other.img"), sizeBytes: 768 * MiB, type: "btrfs" } as const;
    await expect(aDriver({ poolDir: folder, poolImage })).rejects.toThrow(/has files in it that a mount would hide/);
  });

  test("that is too small is refused with the least it needs", async () => {
    const poolImage = { path: join(folder, "pool.img"), sizeBytes: MiB, type: "btrfs" } as const;
    await expect(aDriver({ poolDir: join(folder, "mnt"), poolImage })).rejects.toThrow("needs at least 512 MiB");
  });
});
