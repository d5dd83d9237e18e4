import { afterEach, beforeEach, expect, test } from "vitest";
import { aDriver, type TestDriver } from "../../src/driver/testing.ts";
import { type OrderRounds, startOrderRounds } from "../../src/testing/order-rounds.ts";

/** A short run of what `npm run bench -- order` does at length. */
const groupRounds = 20;
const controlRounds = 20;

let driver: TestDriver;
let rounds: OrderRounds;
beforeEach(async () => {
  driver = await aDriver();
  rounds = await startOrderRounds(driver, { volumes: 4, writers: 2 });
});
afterEach(() => driver.close());

test("no group snapshot of four volumes under load loses the order of writes", async () => {
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

test("snapshots of the same volumes one after the other lose it, so the test can see", async () => {
  let broken = 0;
  for (let i = 0; i < controlRounds && broken === 0; i++) {
    const { verdict } = await rounds.cutInTurn();
    if (verdict.violations.length > 0) broken++;
  }
  await rounds.stop();
  expect(broken).toBeGreaterThan(0);
});
