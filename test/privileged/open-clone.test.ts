import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Blocks, openClone } from "../../src/driver/cut/open-clone.ts";
import { loadExtents } from "../../src/driver/filesystem/extents.ts";
import { loadIoctl } from "../../src/driver/filesystem/ioctl.ts";
import { call, formatted, type TestDriver } from "../../src/driver/testing.ts";
import { driverOnPool } from "../../src/testing/driver-on-pool.ts";
import { type OrderLoad, startOrderRounds } from "../../src/testing/order-rounds.ts";
import { type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

const MiB = 1 << 20;
const blockBytes = 4096;
let scratch: ScratchPool;

async function blocksHere(): Promise<Blocks> {
  const [extents, ioctl] = await Promise.all([loadExtents(), loadIoctl()]);
  if (!extents || !ioctl) throw new Error("koffi is not installed");
  return { extents, ioctl };
}

/** Writes blocks of one value, each as far from the next as told, and so each a fragment of its own. */
async function scatter(path: string, blocks: { from: number; count: number; stride: number; value: number }) {
  const file = await open(path, "r+");
  const block = Buffer.alloc(blockBytes, blocks.value);
  for (let i = 0; i < blocks.count; i++) await file.write(block, 0, blockBytes, blocks.from + i * blocks.stride);
  await file.sync();
  await file.close();
}

async function fragmentsOf(path: string): Promise<number> {
  const { extents } = await blocksHere();
  const file = await open(path, "r");
  try {
    return await extents.count(file.fd);
  } finally {
    await file.close();
  }
}

describe.each(["xfs", "btrfs"] as const)("a fragmented image on %s", (type) => {
  beforeEach(async () => {
    scratch = await scratchPool(type);
  });
  afterEach(() => scratch.remove());

  test("is brought up to date by as many ranges as have changed since it was cloned, to the last byte", async () => {
    const [image, target] = [join(scratch.path, "image"), join(scratch.path, "target")];
    await writeFile(image, "");
    const file = await open(image, "r+");
    await file.truncate(64 * MiB);
    await scatter(image, { from: 0, count: 4_000, stride: 2 * blockBytes, value: 1 });
    const clone = await openClone(image, target, await blocksHere());
    await clone.begin();
    await scatter(image, { from: 0, count: 50, stride: 64 * blockBytes, value: 2 }); // overwritten
    await scatter(image, { from: 33 * blockBytes, count: 30, stride: 64 * blockBytes, value: 3 }); // where there was a hole
    await scatter(image, { from: 48 * MiB, count: 20, stride: 4 * blockBytes, value: 4 }); // behind all that was there
    expect(await clone.finish()).toBe(100);
    expect(await clone.finish()).toBe(100); // by the same list, and nothing goes wrong
    await clone.close();
    await file.close();
    expect((await readFile(target)).equals(await readFile(image))).toBe(true);
  });

  test("that has not changed needs nothing more", async () => {
    const [image, target] = [join(scratch.path, "image"), join(scratch.path, "target")];
    await writeFile(image, Buffer.alloc(MiB, 7), { flush: true });
    const clone = await openClone(image, target, await blocksHere());
    await clone.begin();
    expect(await clone.finish()).toBe(0);
    await clone.close();
    expect((await readFile(target)).equals(await readFile(image))).toBe(true);
  });
});

describe("the freeze engine with fragmented images", () => {
  let driver: TestDriver;
  async function start(type: "btrfs" | "xfs"): Promise<void> {
    driver = await driverOnPool({ engine: "freeze", pool: type });
  }
  afterEach(() => driver.close());

  test.each([
    ["xfs", "ext4"],
    ["btrfs", "ext4"],
    ["xfs", "xfs"],
  ] as const)(
    "keeps the order of writes in group snapshots that were cloned in two steps (%s, %s)",
    async (type, fsType) => {
      await start(type);
      for (const name of ["order-0", "order-1", "order-2"]) await fragmented(name, fsType);
      expect(await violationsIn(5, { volumes: 3, writers: 2, fsType })).toEqual([]);
    },
  );

  test("clones a block device in one step, as nothing holds its writers", async () => {
    await start("xfs");
    const id = await fragmented("raw");
    const { target } = await driver.publish(id);
    const device = await open(target, "r+");
    const [first, last] = [64 * MiB, 200 * MiB];
    let isOver = false;
    const writer = (async () => {
      for (let number = 1; !isOver; number++)
        for (const place of [first, last]) {
          await device.write(Buffer.alloc(blockBytes, String(number).padStart(8)), 0, blockBytes, place);
          await device.sync();
        }
    })();
    const gaps = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const asked = { name: `raw-${i}`, sourceVolumeId: id };
      const { snapshot } = await driver.csi.controller.createSnapshot(asked, call);
      const copy = await open(join(driver.pool, "snapshots", `${snapshot?.snapshotId}.img`));
      const numberAt = async (place: number) =>
        Number((await copy.read(Buffer.alloc(8), 0, 8, place)).buffer.toString().replaceAll("\0", "0"));
      gaps.add((await numberAt(first)) - (await numberAt(last)));
      await copy.close();
    }
    isOver = true;
    await writer;
    await device.close();
    await driver.unpublish(id);
    expect([...gaps].filter((gap) => gap !== 0 && gap !== 1)).toEqual([]);
  });

  /** A volume with 4,000 fragments, in room that its filesystem, if it has one, does not use. */
  async function fragmented(name: string, fsType?: "ext4" | "xfs"): Promise<string> {
    const id = await driver.volume(name, 320 * MiB);
    await driver.publish(id, fsType && formatted(fsType));
    await driver.unpublish(id);
    const image = join(driver.pool, "volumes", `${id}.img`);
    await scatter(image, { from: 284 * MiB, count: 4_000, stride: 2 * blockBytes, value: 9 });
    expect(await fragmentsOf(image)).toBeGreaterThan(3_000);
    return id;
  }

  async function violationsIn(count: number, load: OrderLoad): Promise<readonly string[]> {
    const rounds = await startOrderRounds(driver, load);
    const violations: string[] = [];
    let records = 0;
    for (let i = 0; i < count; i++) {
      const { verdict } = await rounds.cutGroup();
      violations.push(...verdict.violations);
      records += verdict.records;
    }
    await rounds.stop();
    expect(records).toBeGreaterThan(count);
    return violations;
  }
});
