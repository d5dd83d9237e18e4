// What the engines that mount cost, in one run on pools of their own (root): flushed writes a second against the bare
// filesystem; cuts and the writes that they hold up; restore, rollback by restore, growth and deletion.
// STORAGE_ROUNDS=5 makes it shorter, STORAGE_ENGINES=atomic takes some of the engines.
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { call, type TestDriver } from "../src/driver/testing.ts";
import { cutAsGroup, removeCut, snapshotOf } from "../src/testing/cuts.ts";
import { driverOnPool } from "../src/testing/driver-on-pool.ts";
import { type MountedVolume, mountedVolumes, type Wish } from "../src/testing/mounted-volumes.ts";
import { spreadOf } from "../src/testing/spread.ts";
import { fileBytes, type Load, nowMs, startLoad } from "./storage/load.ts";

if (process.getuid?.() !== 0) {
  console.log("left out: it needs root");
  process.exit();
}
const rounds = Number(process.env.STORAGE_ROUNDS ?? 20);
const poolTypes = { atomic: "btrfs", freeze: "xfs" } as const;
const engines = (process.env.STORAGE_ENGINES ?? "atomic,freeze").split(",") as (keyof typeof poolTypes)[];
const wish: Wish = { fsType: "ext4" };
const memberCounts = [1, 4, 16];
/** How long writes are counted. */
const spellMs = 5_000;

for (const engine of engines) {
  const driver = await driverOnPool({ engine, pool: poolTypes[engine] });
  try {
    console.log(`${engine}, on ${poolTypes[engine]}, volumes with ${wish.fsType}`);
    const bare = await throughput([0, 1, 2, 3].map((i) => filled(join(driver.pool, "..", `bare-${i}`))));
    await withVolumes(driver, memberCounts.at(-1) ?? 0, async (volumes) => {
      const paths = volumes.map(({ target }) => filled(join(target, "data")));
      const ours = await throughput(paths.slice(0, 4));
      console.log(`  flushed writes a second, 4 writers: ${ours} in 4 volumes, ${bare} on the pool itself`);
      for (const members of memberCounts) await cuts(driver, volumes.slice(0, members), paths.slice(0, members));
    });
    await lives(driver);
  } catch (error) {
    console.error(error); // before what is left makes the rest fail too
    throw error;
  } finally {
    await driver.close();
  }
}

/** Writes a file full, to the storage. */
function filled(path: string): string {
  const file = openSync(path, "w");
  for (let at = 0; at < fileBytes; at += 1 << 20) writeSync(file, Buffer.alloc(1 << 20, 7));
  fsyncSync(file);
  closeSync(file);
  return path;
}

async function throughput(paths: readonly string[]): Promise<number> {
  const load = await startLoad(paths);
  load.reset();
  const begunMs = nowMs();
  await sleep(spellMs);
  const perSecond = (1000 * load.written()) / (nowMs() - begunMs);
  await load.stop();
  return Math.round(perSecond);
}

async function withVolumes(
  driver: TestDriver,
  count: number,
  work: (volumes: readonly MountedVolume[]) => Promise<void>,
) {
  const made = mountedVolumes(driver);
  const volumes: MountedVolume[] = [];
  try {
    for (let i = 0; i < count; i++) volumes.push(await made.put(`volume-${i}`, wish));
    await work(volumes);
  } finally {
    for (const { id } of volumes) await made.end(id);
  }
}

/** Idle, then under load: the whole call, and the longest write that it was in the way of. */
async function cuts(driver: TestDriver, volumes: readonly MountedVolume[], paths: readonly string[]): Promise<void> {
  const ids = volumes.map(({ id }) => id);
  const idle = await cutTimes(driver, ids);
  const load = await startLoad(paths);
  const held = await cutTimes(driver, ids, load);
  await load.stop();
  console.log(
    `  cut of ${ids.length}: idle ${spreadOf(idle.cutMs, "ms")}; under load ${spreadOf(held.cutMs, "ms")}, ` +
      `longest write ${spreadOf(held.stallMs, "ms")}, without a cut ${spreadOf(held.calmMs, "ms")}`,
  );
}

async function cutTimes(driver: TestDriver, ids: readonly string[], load?: Load) {
  const [cutMs, stallMs, calmMs]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    load?.reset();
    const begunMs = nowMs();
    const snapshots = await cutAsGroup(driver, ids);
    const took = nowMs() - begunMs;
    cutMs.push(took);
    stallMs.push(load?.longestMs() ?? 0);
    await removeCut(snapshots);
    await sleep(200);
    load?.reset();
    await sleep(took);
    calmMs.push(load?.longestMs() ?? 0);
  }
  return { cutMs, stallMs, calmMs };
}

/** The other moments of a volume's life, on a volume that holds a full file. */
async function lives(driver: TestDriver): Promise<void> {
  const volumes = mountedVolumes(driver);
  const samples = new Map<string, number[]>();
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const begunMs = nowMs();
    const result = await work();
    samples.set(what, [...(samples.get(what) ?? []), nowMs() - begunMs]);
    return result;
  };
  for (let round = 0; round < rounds; round++) {
    const source = await timed("create and mount an empty volume", () => volumes.put(`source-${round}`, wish));
    filled(join(source.target, "data"));
    const snapshots = await cutAsGroup(driver, [source.id]);
    const copyWish = { ...wish, snapshotId: snapshotOf(source.id, snapshots) };
    const id = await timed("restore: the volume", () => volumes.make(`copy-${round}`, copyWish));
    await timed("restore: stage and publish", () => volumes.use(id, copyWish));
    const back = await timed("rollback: unmount, restore, mount", async () => {
      await volumes.leave(source.id);
      return volumes.put(`back-${round}`, copyWish);
    });
    const growing = await volumes.put(`growing-${round}`, { fsType: "xfs" }); // ext4 needs CAP_SYS_RESOURCE for that
    await timed("grow a volume in use (xfs)", () => grow(driver, growing));
    await volumes.end(growing.id);
    await timed("delete a snapshot", () => removeCut(snapshots));
    await timed("unmount and delete a volume", () => volumes.end(id));
    await volumes.end(back.id);
    await driver.csi.controller.deleteVolume({ volumeId: source.id }, call);
  }
  for (const [what, times] of samples) console.log(`  ${what}: ${spreadOf(times, "ms")}`);
}

async function grow({ csi }: TestDriver, { id: volumeId, target }: MountedVolume): Promise<void> {
  const capacityRange = { requiredBytes: 400n << 20n };
  await csi.controller.controllerExpandVolume({ volumeId, capacityRange }, call);
  await csi.node.nodeExpandVolume({ volumeId, volumePath: target, capacityRange }, call);
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
