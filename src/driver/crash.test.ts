import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Csi, connect } from "../csi/client.ts";
import type { Step } from "./pool/workshop.ts";
import { type DriverProcess, startDriverProcess } from "./testing/driver-process.ts";
import { aVolume, deadlySteps, live } from "./testing/live.ts";
import { aDriver, call, enginesSeen, type TestDriver } from "./testing.ts";

const folders: string[] = [];
const drivers: TestDriver[] = [];
afterAll(async () => {
  await Promise.all(drivers.map((driver) => driver.close()));
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "gs-crash-"));
  folders.push(folder);
  return folder;
}

async function start(options: Parameters<typeof aDriver>[0]): Promise<TestDriver> {
  const driver = await aDriver(options);
  drivers.push(driver);
  return driver;
}

/** Processes are started, on a machine that may be busy. */
const patience = { timeout: 60_000 };

interface Doomed {
  readonly csi: Csi;
  readonly child: DriverProcess;
  readonly pool: string;
}

/** A driver in a process of its own that kills itself, as by kill -9, after the n-th time that the step is done. */
async function startDoomed(step: Step, times: number): Promise<Doomed> {
  const folder = await aFolder();
  const pool = join(folder, "pool");
  const endpoint = join(folder, "doomed.sock");
  const child = await startDriverProcess({ endpoint, poolDir: pool, engine: "userland", doom: { step, times } });
  return { csi: connect({ address: endpoint }), child, pool };
}

describe.concurrent("a driver that is killed", patience, () => {
  test.each(deadlySteps)(
    "right after '%s' (%i) leaves no image without a record and no record without its image",
    async (step, times) => {
      const doomed = await startDoomed(step, times);
      await expect(live(doomed.csi)).rejects.toThrow();
      expect(await doomed.child.ended).toBe("SIGKILL");
      doomed.csi.close();

      const driver = await start({ poolDir: doomed.pool });
      const { controller } = driver.csi;
      const volumes = (await controller.listVolumes({}, call)).entries.map((entry) => entry.volume);
      const snapshots = (await controller.listSnapshots({}, call)).entries.map((entry) => entry.snapshot);
      expect(await imagesIn(driver, "volumes")).toEqual(volumes.map((one) => `${one?.volumeId}.img`).toSorted());
      expect(await imagesIn(driver, "snapshots")).toEqual(snapshots.map((one) => `${one?.snapshotId}.img`).toSorted());
      expect([0, 2]).toContain(snapshots.length); // a group is whole or it is not
      expect(snapshots.every((one) => one?.readyToUse === true)).toBe(true);
      await live(driver.csi); // the same names work again, whatever was left of them
      expect(await imagesIn(driver, "snapshots")).toEqual([]);
    },
  );
});

describe.concurrent("a block engine that is killed", patience, () => {
  test("comes back with its volumes, and what was acknowledged and flushed is there", async () => {
    const engines = enginesSeen();
    const driver = await start({ log: engines.log });
    const id = await driver.volume("a");
    const disk = await driver.use(id);
    await disk.write(0, Buffer.from("kept"));
    await disk.flush();
    const before = engines.pids.length;
    process.kill(engines.last(), "SIGKILL");
    await expect.poll(() => engines.pids.length, { timeout: 10_000 }).toBe(before + 1);
    await expect(disk.read(0, 4)).rejects.toMatchObject({ code: "unavailable" });
    const again = await driver.use(id);
    expect((await again.read(0, 4)).toString()).toBe("kept");
  });

  test("in the middle of a copy loses that cut whole, and the next call cuts anew", async () => {
    const engines = enginesSeen();
    let cuts = 0;
    const onStep = (step: Step) => {
      if (step === "cut taken" && ++cuts === 1) process.kill(engines.last(), "SIGKILL");
    };
    const driver = await start({ log: engines.log, onStep });
    const id = await driver.volume("big", 256 << 20);
    const disk = await driver.use(id);
    for (let at = 0; at < 64 << 20; at += 8 << 20) await disk.write(at, Buffer.alloc(8 << 20, 1));
    const { groupController } = driver.csi;
    const asked = { name: "group", sourceVolumeIds: [id] };
    await expect(groupController.createVolumeGroupSnapshot(asked, call)).rejects.toMatchObject({ code: "unavailable" });
    expect(await imagesIn(driver, "snapshots")).toEqual([]);
    const { groupSnapshot } = await groupController.createVolumeGroupSnapshot(asked, call);
    expect([cuts, groupSnapshot?.readyToUse]).toEqual([2, true]);
  });

  test("does not outlive a driver that is killed: another one can have the pool at once", async () => {
    const doomed = await startDoomed("volume intended", 1);
    await expect(doomed.csi.controller.createVolume(aVolume("a"), call)).rejects.toThrow();
    doomed.csi.close();
    const driver = await start({ poolDir: doomed.pool });
    expect((await driver.csi.controller.listVolumes({}, call)).entries).toEqual([]);
  });
});

async function imagesIn(driver: TestDriver, kind: "volumes" | "snapshots"): Promise<readonly string[]> {
  return (await readdir(join(driver.pool, kind))).toSorted();
}
