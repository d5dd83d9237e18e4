import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemFiles } from "../driver/pool/files.ts";
import { aDriver } from "../driver/testing.ts";
import { faultsIn, noSpace } from "./faults.ts";

test("faults come when they were asked for, and the real object answers before and after", async () => {
  const faults = faultsIn({ name: "list", read: async (item: number) => item });
  const { subject } = faults;
  faults.fail("read", { error: new Error("bad sector"), after: 1, times: 2 });
  const answers = await Promise.allSettled([1, 2, 3, 4].map((item) => subject.read(item)));
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  faults.fail("read", { error: new Error("gone") });
  await expect(subject.read(5)).rejects.toThrow("gone");
  faults.heal();
  expect([await subject.read(6), subject.name, faults.calls("read")]).toEqual([6, "list", 6]);
});

test("a driver whose disk is full says so, leaves nothing half-made, and makes the volume once there is room", async () => {
  const faults = faultsIn(systemFiles);
  const driver = await aDriver({ files: faults.subject });
  try {
    faults.fail("createEmpty", { error: noSpace() });
    await expect(driver.volume("data")).rejects.toMatchObject({ code: "exhausted" });
    expect(await readdir(join(driver.pool, "volumes"))).toEqual([]);
    faults.heal();
    const volumeId = await driver.volume("data");
    expect(await readdir(join(driver.pool, "volumes"))).toEqual([expect.stringContaining(volumeId)]);
  } finally {
    await driver.close();
  }
});
