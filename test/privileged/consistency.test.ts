import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { aDriver, call, type TestDriver } from "../../src/driver/testing.ts";
import { openDatabase } from "../../src/lib/sqlite.ts";
import { type MountedVolumes, mountedVolumes } from "../../src/testing/mounted-volumes.ts";
import { type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

let scratch: ScratchPool;
let driver: TestDriver;
let volumes: MountedVolumes;

afterEach(async () => {
  await driver.close();
  await scratch.remove();
});

async function start(engine: "atomic" | "freeze"): Promise<void> {
  scratch = await scratchPool("btrfs");
  driver = await aDriver({ poolDir: join(scratch.path, "pool"), engine, ownProcess: true });
  volumes = mountedVolumes(driver);
}

/** Cuts volumes used as said as a group, and tells what the driver recorded of it. */
async function cut(uses: readonly ("" | "ext4")[], parameters: Record<string, string>): Promise<readonly string[]> {
  const used = await Promise.all(uses.map((fsType, i) => volumes.put(`${fsType}-${i}`, { fsType })));
  try {
    await driver.csi.groupController.createVolumeGroupSnapshot(
      { name: "group", sourceVolumeIds: used.map(({ id }) => id), parameters },
      call,
    );
    return await recorded();
  } finally {
    for (const { id } of used) await volumes.end(id);
  }
}

/** From a copy: a database that was opened can keep the pool busy for as long as this process lives. */
async function recorded(): Promise<readonly string[]> {
  const copy = await mkdtemp(join(tmpdir(), "gs-state-"));
  for (const name of ["state.db", "state.db-wal"]) await copyFile(join(driver.pool, name), join(copy, name));
  const db = await openDatabase({ path: join(copy, "state.db") });
  const rows = db.prepare<{ consistency: string }>("SELECT consistency FROM snapshots ORDER BY seq").all();
  db.close();
  await rm(copy, { recursive: true });
  return rows.map(({ consistency }) => consistency);
}

describe("the atomic engine", () => {
  beforeEach(() => start("atomic"));

  test("claims crash consistency unless a class asks for more", async () => {
    expect(await cut(["ext4", "ext4"], {})).toEqual(["crash", "crash"]);
  });

  test("holds filesystems where a class asks for their consistency, and says that it did", async () => {
    expect(await cut(["ext4", "ext4"], { consistency: "filesystem" })).toEqual(["filesystem", "filesystem"]);
  });

  test("drops a cut with a block device in it that was to be filesystem consistent", async () => {
    await expect(cut(["ext4", ""], { consistency: "filesystem" })).rejects.toThrow(
      /the cut is crash consistent.*block devices cannot be held/,
    );
    expect(await recorded()).toEqual([]);
  });

  test("takes what can be had where the class allows a downgrade, and records no more than that", async () => {
    const parameters = { consistency: "filesystem", allowDowngrade: "true" };
    expect(await cut(["ext4", ""], parameters)).toEqual(["crash", "crash"]);
  });
});

describe("the freeze engine", () => {
  beforeEach(() => start("freeze"));

  test("claims consistency of filesystems", async () => {
    expect(await cut(["ext4", "ext4"], {})).toEqual(["filesystem", "filesystem"]);
  });

  test("refuses a group with a block device, saying why and what else there is", async () => {
    const refused = cut(["ext4", ""], {});
    await expect(refused).rejects.toThrow(/1 of 2 volumes are in use as block devices, which cannot be held/);
    await expect(refused).rejects.toMatchObject({ code: "precondition" });
  });

  test("claims only crash consistency for a block device alone", async () => {
    expect(await cut([""], {})).toEqual(["crash"]);
  });

  test("refuses what a class cannot ask for, by its name", async () => {
    await expect(cut(["ext4"], { consistency: "perfect" })).rejects.toThrow("must be crash or filesystem, not perfect");
    await expect(cut(["ext4"], { allowDowngrade: "maybe" })).rejects.toThrow('must be "true" or "false", not maybe');
  });
});
