import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { aDriver, type TestDriver } from "../../src/driver/testing.ts";
import { type OrderLoad, startOrderRounds } from "../../src/testing/order-rounds.ts";
import { type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

/** Short runs of what `npm run bench -- order` does at length. */
const groupRounds = 15;
const controlRounds = 20;

const engines = [{ engine: "atomic", pool: "btrfs" }] as const;
const loads: readonly OrderLoad[] = [
  { volumes: 4, writers: 2 },
  { volumes: 4, writers: 2, fsType: "ext4" },
  { volumes: 4, writers: 2, fsType: "xfs" },
];

describe.each(engines)("the $engine engine on $pool", ({ engine, pool }) => {
  let scratch: ScratchPool;
  let driver: TestDriver;
  beforeEach(async () => {
    scratch = await scratchPool(pool);
    driver = await aDriver({ poolDir: join(scratch.path, "pool"), engine, ownProcess: true });
  });
  afterEach(async () => {
    await driver.close();
    await scratch.remove();
  });

  test.each(loads)("keeps the order of writes in every group snapshot: load %#", async (load) => {
    const rounds = await startOrderRounds(driver, load);
    const violations: string[] = [];
    let records = 0;
    for (let i = 0; i < groupRounds; i++) {
      const { verdict } = await rounds.cutGroup();
      violations.push(...verdict.violations);
      records += verdict.records;
    }
    await rounds.stop();
    expect(violations).toEqual([]);
    expect(records).toBeGreaterThan(groupRounds);
  });

  test.each(loads)("loses it in snapshots one after the other: load %#", async (load) => {
    const rounds = await startOrderRounds(driver, load);
    let broken = 0;
    for (let i = 0; i < controlRounds && broken === 0; i++) {
      const { verdict } = await rounds.cutInTurn();
      if (verdict.violations.length > 0) broken++;
    }
    await rounds.stop();
    expect(broken).toBeGreaterThan(0);
  });
});
