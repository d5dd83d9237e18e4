import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deadlySteps, live } from "../../src/driver/testing/live.ts";
import { aDriver, call, type TestDriver } from "../../src/driver/testing.ts";
import { loopsBelow, type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

const engines = [
  { engine: "atomic", type: "btrfs" },
  { engine: "freeze", type: "xfs" },
] as const;

describe.each(engines)("a driver with the $engine engine that is killed", ({ engine, type }) => {
  let scratch: ScratchPool;
  let driver: TestDriver;
  beforeEach(async () => {
    scratch = await scratchPool(type);
  });
  afterEach(async () => {
    await driver.close();
    await scratch.remove();
  });

  const namesIn = async (folder: string) => (await readdir(join(driver.pool, folder))).toSorted();

  test.each(deadlySteps)("right after '%s' (%i) leaves nothing half-made at its next start", async (step, times) => {
    driver = await aDriver({ poolDir: join(scratch.path, "pool"), engine, doom: { step, times } });
    await expect(live(driver.csi)).rejects.toThrow();
    await driver.stop();
    await driver.start();
    const volumes = (await driver.csi.controller.listVolumes({}, call)).entries.map(({ volume }) => volume?.volumeId);
    const { entries } = await driver.csi.controller.listSnapshots({}, call);
    const snapshots = entries.map(({ snapshot }) => snapshot?.snapshotId);
    expect(await namesIn("volumes")).toEqual(volumes.map((id) => `${id}.img`).toSorted());
    expect(await namesIn("snapshots")).toEqual(snapshots.map((id) => `${id}.img`).toSorted());
    expect([0, 2]).toContain(snapshots.length); // a group is whole or it is not
    expect(await namesIn("cuts")).toEqual([]);
    await expect.poll(() => loopsBelow(driver.pool), { timeout: 5_000 }).toEqual([]); // others may be looking at one
    await live(driver.csi); // the same names work again, whatever was left of them
    expect(await namesIn("snapshots")).toEqual([]);
  });
});
