import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { TestDriver } from "../../src/driver/testing.ts";
import { driverOnPool } from "../../src/testing/driver-on-pool.ts";
import { type OrderLoad, startOrderRounds } from "../../src/testing/order-rounds.ts";

/** Short runs of what `npm run bench -- order` does at length. */
const groupRounds = 10;
const controlRounds = 20;

const four = { volumes: 4, writers: 2 } as const;
const runs: readonly { engine: string; pool: "btrfs" | "xfs"; on: string; load: OrderLoad }[] = [
  { engine: "atomic", pool: "btrfs", on: "block devices", load: four },
  { engine: "atomic", pool: "btrfs", on: "ext4", load: { ...four, fsType: "ext4" } },
  { engine: "atomic", pool: "btrfs", on: "xfs", load: { ...four, fsType: "xfs" } },
  { engine: "freeze", pool: "xfs", on: "ext4", load: { ...four, fsType: "ext4" } },
  { engine: "freeze", pool: "xfs", on: "xfs", load: { ...four, fsType: "xfs" } },
  { engine: "freeze", pool: "btrfs", on: "ext4", load: { ...four, fsType: "ext4" } },
];

describe.each(runs)("the $engine engine on $pool, volumes used as $on,", ({ engine, pool, load }) => {
  let driver: TestDriver;
  beforeEach(async () => {
    driver = await driverOnPool({ engine, pool });
  });
  afterEach(() => driver.close());

  test("keeps the order of writes in every group snapshot", async () => {
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

  test("loses the order of writes in snapshots one after the other", async () => {
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
