import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { aDriver, block, call, type TestDriver } from "../testing.ts";
import { type PoolFiles, systemFiles } from "./files.ts";

let driver: TestDriver;
afterEach(() => driver.close());

const mib = 1 << 20;
const images = async () => [
  ...(await readdir(join(driver.pool, "volumes"))),
  ...(await readdir(join(driver.pool, "snapshots"))),
];
const group = (ids: string[]) =>
  driver.csi.groupController.createVolumeGroupSnapshot({ name: "group", sourceVolumeIds: ids }, call);

describe("a pool with a limit", () => {
  test("refuses a volume that does not fit, saying how much there is, until something is deleted", async () => {
    driver = await aDriver({ poolSizeBytes: BigInt(10 * mib) });
    const first = await driver.volume("a", 8 * mib);
    const refused = driver.volume("b", 4 * mib).catch((error: unknown) => error);
    expect(await refused).toMatchObject({
      code: "exhausted",
      message: expect.stringMatching(/volume b: it needs 4 MiB, the pool has 2 MiB of its limit of 10 MiB left/),
    });
    expect((await driver.csi.controller.getCapacity({}, call)).availableCapacity).toBe(BigInt(2 * mib));
    expect(await images()).toHaveLength(1);
    await driver.csi.controller.deleteVolume({ volumeId: first }, call);
    expect(await driver.volume("b", 4 * mib)).toMatch(/^vol-/);
  });

  test("counts what snapshots store, refuses a group that does not fit, and volumes go on being written", async () => {
    driver = await aDriver({ poolSizeBytes: BigInt(10 * mib) });
    const ids = [await driver.volume("a", 4 * mib), await driver.volume("b", 4 * mib)];
    const disks = [await driver.use(ids[0] ?? ""), await driver.use(ids[1] ?? "")];
    for (const disk of disks) await disk.write(0, Buffer.alloc(2 * mib, 1), { fua: true });
    await expect(group(ids)).rejects.toThrow(/group snapshot group: it needs 4 MiB, the pool has 2 MiB/);
    expect(await images()).toHaveLength(2);
    await disks[0]?.write(2 * mib, Buffer.alloc(2 * mib, 2), { fua: true });
    await disks[1]?.writeZeroes(0, 4 * mib, { fua: true });
    await expect(group([ids[1] ?? ""])).resolves.toMatchObject({ groupSnapshot: { readyToUse: true } });
  });

  test("counts what is deleted until it is free, though it is gone for everybody else", async () => {
    let letGo = () => {};
    const freed = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const free: PoolFiles["free"] = (path, signal) => freed.then(() => systemFiles.free(path, signal));
    driver = await aDriver({ poolSizeBytes: BigInt(100 * mib), files: { ...systemFiles, free } });
    const volumeId = await driver.volume("a", 96 * mib);
    const disk = await driver.use(volumeId);
    await disk.write(0, Buffer.alloc(32 * mib, 1));
    await disk.write(32 * mib, Buffer.alloc(32 * mib, 1), { fua: true });
    await driver.unpublish(volumeId);
    await driver.csi.controller.deleteVolume({ volumeId }, call);
    const { listVolumes, getCapacity } = driver.csi.controller;
    expect((await listVolumes({}, call)).entries).toEqual([]);
    expect((await getCapacity({}, call)).availableCapacity).toBeLessThanOrEqual(BigInt(36 * mib));
    await expect(driver.volume("a", 96 * mib)).rejects.toMatchObject({ code: "exhausted" });
    letGo();
    const capacity = async () => (await getCapacity({}, call)).availableCapacity;
    await expect.poll(capacity, { timeout: 30_000 }).toBe(BigInt(100 * mib));
    expect(await driver.volume("a", 96 * mib)).not.toBe(volumeId);
  });

  test("lets a volume grow no further than it reaches", async () => {
    driver = await aDriver({ poolSizeBytes: BigInt(10 * mib) });
    const volumeId = await driver.volume("a", 8 * mib);
    const grow = (size: number) =>
      driver.csi.controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: BigInt(size) } }, call);
    await expect(grow(11 * mib)).rejects.toMatchObject({ code: "exhausted" });
    await expect(grow(10 * mib)).resolves.toMatchObject({ capacityBytes: BigInt(10 * mib) });
  });
});

describe("a filesystem that runs full", () => {
  const full = () => Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });

  test("in the middle of making a volume leaves nothing half-made", async () => {
    let isFull = true;
    const createEmpty: PoolFiles["createEmpty"] = async (path, sizeBytes) => {
      await systemFiles.createEmpty(path, sizeBytes);
      if (isFull) throw full();
    };
    driver = await aDriver({ files: { ...systemFiles, createEmpty } });
    await expect(driver.volume("a")).rejects.toMatchObject({ code: "exhausted" });
    expect(await images()).toEqual([]);
    isFull = false;
    expect(await driver.volume("a")).toMatch(/^vol-/);
  });

  test("and then cannot even be cleaned up is cleaned up by the next try", async () => {
    let isFull = true;
    const fails = async () => {
      if (isFull) throw full();
    };
    const createEmpty: PoolFiles["createEmpty"] = async (path, sizeBytes) => {
      await systemFiles.createEmpty(path, sizeBytes);
      await fails();
    };
    const remove: PoolFiles["remove"] = async (paths) => {
      await fails();
      await systemFiles.remove(paths);
    };
    driver = await aDriver({ files: { ...systemFiles, createEmpty, remove } });
    await expect(driver.volume("a")).rejects.toMatchObject({ code: "exhausted" });
    expect(await images()).toHaveLength(1);
    expect((await driver.csi.controller.listVolumes({}, call)).entries).toEqual([]);
    isFull = false;
    expect(await driver.volume("a")).toMatch(/^vol-/);
    expect(await images()).toHaveLength(1);
  });

  test("before a group is cut refuses it by what is free", async () => {
    let freeBytes = Number.MAX_SAFE_INTEGER;
    driver = await aDriver({ files: { ...systemFiles, freeBytes: async () => freeBytes } });
    const id = await driver.volume("a");
    const disk = await driver.use(id);
    await disk.write(0, Buffer.alloc(512 << 10, 1), { fua: true });
    freeBytes = 4096;
    await expect(group([id])).rejects.toThrow(/needs 512 KiB, the pool has 4 KiB on its filesystem left/);
    const tooBig = { name: "b", volumeCapabilities: [block] };
    await expect(driver.csi.controller.createVolume(tooBig, call)).rejects.toMatchObject({ code: "exhausted" });
  });
});

describe("a pool", () => {
  test("belongs to one driver at a time", async () => {
    driver = await aDriver();
    await expect(aDriver({ poolDir: driver.pool })).rejects.toMatchObject({ code: "busy" });
  });

  test("of no size, and an engine that there is not, are refused at the start", async () => {
    driver = await aDriver();
    await expect(aDriver({ poolSizeBytes: 0n })).rejects.toMatchObject({ code: "invalid" });
    await expect(aDriver({ engine: "steam" })).rejects.toThrow(/no engine steam; use auto, .*userland/);
  });
});
