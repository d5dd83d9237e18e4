import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { TestDriver } from "../../driver/testing.ts";
import { systemRandom } from "../../lib/random.ts";
import { type CutSnapshot, cutAsGroup, cutInTurn, removeCut, snapshotOf } from "../cuts.ts";
import { driverOnPool, type EngineOnPool } from "../driver-on-pool.ts";
import { mountedVolumes } from "../mounted-volumes.ts";
import type { Application, Verdict } from "./application.ts";

/** An application at work on volumes of a driver of its own, and rounds of cut, restore, judge, delete. */
export interface ApplicationRounds {
  /** Cuts all its volumes by one group snapshot. @param parameters of the group snapshot's class */
  cutGroup(parameters?: Readonly<Record<string, string>>): Promise<Verdict>;
  /** The control: a snapshot of each volume, one after the other, while it goes on. The next one begins with the next volume. */
  cutInTurn(): Promise<Verdict>;
  /** Takes all of it away. @throws Failure that ended the application early */
  stop(): Promise<void>;
}

/** Transfers before a cut, and in the control between two snapshots, so that rounds differ and volumes part on any machine. */
const between = 10;

/** Needs root. @throws Failure if the application cannot be started, with what is missing */
export async function startApplicationRounds(
  on: EngineOnPool,
  makeApplication: () => Promise<Application>,
): Promise<ApplicationRounds> {
  const application = await makeApplication();
  const driver = await driverOnPool(on);
  try {
    const rounds = await roundsOn(driver, application);
    return { ...rounds, stop: () => inTurn(rounds.stop, () => driver.close()) };
  } catch (error) {
    await driver.close().catch(() => undefined); // what failed says more
    throw error;
  }
}

/** The second also if the first fails. */
async function inTurn(first: () => Promise<void>, second: () => Promise<void>): Promise<void> {
  try {
    await first();
  } finally {
    await second();
  }
}

async function roundsOn(driver: TestDriver, application: Application): Promise<ApplicationRounds> {
  const volumes = mountedVolumes(driver);
  const inUse = new Set<string>();
  const putAll = async (folder: string, snapshotOfVolume: (i: number) => { readonly snapshotId?: string }) => {
    const ids: string[] = [];
    for (const [i, { name, fsType }] of application.volumes.entries()) {
      const wish = { fsType, target: join(folder, name), ...snapshotOfVolume(i) };
      const { id } = await volumes.put(`${name}-${systemRandom.uuid()}`, wish);
      ids.push(id);
      inUse.add(id);
    }
    return ids;
  };
  const endAll = async (ids: Iterable<string>) => {
    for (const id of ids) {
      await volumes.end(id);
      inUse.delete(id);
    }
  };
  const home = await homeIn(driver.folder);
  const ids = await putAll(home, () => ({}));
  const work = await application.begin(home);
  let controls = 0;

  const round = async (cut: () => Promise<readonly CutSnapshot[]>) => {
    await work.more(between);
    const acked = work.acked();
    const snapshots = await cut();
    const folder = await homeIn(driver.folder);
    const copies = await putAll(folder, (i) => ({ snapshotId: snapshotOf(ids[i] ?? "", snapshots) }));
    const verdict = await application.judge(folder, acked);
    await endAll(copies);
    await removeCut(snapshots);
    await rm(folder, { recursive: true });
    return verdict;
  };
  const part = async () => {
    await work.more(between);
    await work.checkpoint();
    await work.more(between);
  };
  return {
    cutGroup: (parameters) => round(() => cutAsGroup(driver, ids, parameters)),
    cutInTurn() {
      const first = controls++ % ids.length;
      return round(() => cutInTurn(driver, [...ids.slice(first), ...ids.slice(0, first)], part));
    },
    stop: () => inTurn(work.stop, () => endAll(inUse)),
  };
}

/** A folder to mount volumes in; databases run as users of their own, who must get there. */
async function homeIn(folder: string): Promise<string> {
  const home = join(folder, `home-${systemRandom.uuid().slice(0, 8)}`); // short: there are sockets below it
  await mkdir(home);
  for (const path of [folder, home]) await chmod(path, 0o711);
  return home;
}
