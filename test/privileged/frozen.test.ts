import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Doom } from "../../src/driver/testing/driver-process.ts";
import { aDriver, call, formatted, type TestDriver } from "../../src/driver/testing.ts";
import { type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

/** Nobody may find a volume frozen for longer after those who froze it died. */
const thawLimitMs = 1_000;
/** Of the doomed driver's holds. */
const deadlineMs = 1_000;

let scratch: ScratchPool;
let driver: TestDriver;
let ids: readonly string[];
let targets: readonly string[];

beforeEach(async () => {
  scratch = await scratchPool("xfs");
});
afterEach(async () => {
  for (const id of ids) await driver.unpublish(id);
  await driver.close();
  await scratch.remove();
});

/** A driver that will meet its doom in its first cut, and two volumes in use. */
async function doomed(victims: NonNullable<Doom["victims"]>): Promise<void> {
  const doom: Doom = { step: "frozen", times: 1, victims };
  driver = await aDriver({ poolDir: join(scratch.path, "pool"), engine: "freeze", doom });
  const used: { readonly id: string; readonly target: string }[] = [];
  for (const name of ["data", "log"]) {
    const id = await driver.volume(name, 32 << 20);
    used.push({ id, ...(await driver.publish(id, formatted("ext4"))) });
  }
  [ids, targets] = [used.map(({ id }) => id), used.map(({ target }) => target)];
}

const cut = () =>
  driver.csi.groupController.createVolumeGroupSnapshot({ name: "group", sourceVolumeIds: [...ids] }, call);
const isStopped = async () => / T /.test(await readFile(`/proc/${driver.pid()}/stat`, "utf8"));
const snapshotImages = () => readdir(join(driver.pool, "snapshots"));

/** What a user of the volumes sees: a write to each, or "frozen" if one does not come back. */
async function write(limitMs: number): Promise<"written" | "frozen"> {
  const writes = Promise.all(
    targets.map((target) => writeFile(join(target, "note"), String(limitMs), { flush: true })),
  );
  const late = new Promise<"frozen">((resolve) => setTimeout(() => resolve("frozen"), limitMs));
  return Promise.race([writes.then(() => "written" as const), late]);
}

async function expectCleanStart(): Promise<void> {
  await driver.stop();
  await driver.start();
  expect(await snapshotImages()).toEqual([]);
  expect((await driver.csi.controller.listSnapshots({}, call)).entries).toEqual([]);
  const { groupSnapshot } = await cut();
  expect(groupSnapshot?.snapshots.map(({ readyToUse }) => readyToUse)).toEqual([true, true]);
  await driver.csi.groupController.deleteVolumeGroupSnapshot(
    { groupSnapshotId: groupSnapshot?.groupSnapshotId ?? "" },
    call,
  );
}

describe("a hold of filesystems", () => {
  test("ends when the driver is killed in it: its watchdog thaws", async () => {
    await doomed("driver");
    await expect(cut()).rejects.toMatchObject({ code: "unavailable" });
    expect(await write(thawLimitMs)).toBe("written");
    await expectCleanStart();
  });

  test("ends when the watchdog is killed in it: the driver thaws, drops the cut, and takes the next one", async () => {
    await doomed("helpers");
    await expect(cut()).rejects.toThrow(/the freeze watchdog (has )?ended/);
    expect(await write(thawLimitMs)).toBe("written");
    expect(await snapshotImages()).toEqual([]);
    await expectCleanStart();
  });

  test("ends soon after its deadline when the watchdog hangs: the driver thaws, and another watchdog takes the next one", async () => {
    await doomed("nobody, but the helpers stop");
    await expect(cut()).rejects.toThrow("took too long");
    expect(await write(thawLimitMs)).toBe("written");
    expect(await snapshotImages()).toEqual([]);
    await expectCleanStart();
  });

  test("ends by its deadline when the driver hangs, and that cut is dropped", async () => {
    await doomed("nobody, but the driver stops");
    const refusal = cut().then(() => "a snapshot", String);
    await expect.poll(isStopped, { timeout: 10_000 }).toBe(true);
    expect(await write(thawLimitMs + deadlineMs)).toBe("written");
    process.kill(driver.pid(), "SIGCONT");
    expect(await refusal).toMatch(/did not stay frozen|took too long/);
    expect(await snapshotImages()).toEqual([]);
    await expectCleanStart();
  });

  test("outlives both when they are killed together, as a write shows, until the next start", async () => {
    await doomed("all");
    await expect(cut()).rejects.toMatchObject({ code: "unavailable" });
    expect(await write(thawLimitMs)).toBe("frozen");
    await expectCleanStart();
    expect(await write(thawLimitMs)).toBe("written");
  });
});
