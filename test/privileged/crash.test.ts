import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deadlySteps, live } from "../../src/driver/testing/live.ts";
import { aDriver, type TestDriver } from "../../src/driver/testing.ts";
import { halfMade } from "../../src/testing/half-made.ts";
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

  test.each(deadlySteps)("right after '%s' (%i) leaves nothing half-made at its next start", async (step, times) => {
    driver = await aDriver({ poolDir: join(scratch.path, "pool"), engine, doom: { step, times } });
    await expect(live(driver.csi)).rejects.toThrow();
    await driver.stop();
    await driver.start();
    expect(await halfMade(driver)).toEqual([]);
    await expect.poll(() => loopsBelow(driver.pool), { timeout: 5_000 }).toEqual([]); // others may be looking at one
    await live(driver.csi); // the same names work again, whatever was left of them
    expect(await readdir(join(driver.pool, "snapshots"))).toEqual([]);
  });
});
