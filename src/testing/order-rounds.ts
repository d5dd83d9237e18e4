import { join } from "node:path";
import { block as blockCapability, call, formatted, type TestDriver } from "../driver/testing.ts";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";
import { judge, type Verdict } from "../verify/judge.ts";
import { openVolume } from "../verify/open-volume.ts";
import type { VolumeIo } from "../verify/volume.ts";
import { startWriters, type Writers } from "../verify/writers.ts";
import { type CutSnapshot, cutAsGroup, cutInTurn, removeCut, snapshotOf } from "./cuts.ts";

/** The order test on a driver over its CSI socket: writers that never rest, and rounds of cut, restore, judge, delete. */
export interface OrderRounds {
  /** Cuts all volumes by one group snapshot. */
  cutGroup(): Promise<Round>;
  /** The control: a snapshot of each volume, one after the other. */
  cutInTurn(): Promise<Round>;
  /** How many records the writers have on stable storage. */
  acked(): number;
  /** Ends the writers. @throws Failure that ended one of them early */
  stop(): Promise<void>;
}

export interface Round {
  readonly verdict: Verdict;
  /** From the call to its answer, which the driver gives when the snapshot is complete. */
  readonly cutMs: number;
  /** The longest write with its flush that was under way in that time. */
  readonly stalledMs: number;
}

/** Room for the rings of eight writers. */
const ringsBytes = 16 << 20;
/** The least that every filesystem takes. */
const formattedBytes = 320 << 20;
const signal = new AbortController().signal;

export interface OrderLoad {
  readonly volumes: number;
  readonly writers: number;
  /** Writes into a file on this filesystem instead of to the volume itself. */
  readonly fsType?: "ext4" | "xfs";
}

export async function startOrderRounds(driver: TestDriver, load: OrderLoad): Promise<OrderRounds> {
  const ids: string[] = [];
  const sizeBytes = load.fsType === undefined ? ringsBytes : formattedBytes;
  for (let i = 0; i < load.volumes; i++) ids.push(await driver.volume(`order-${i}`, sizeBytes));
  const watch = stallWatch();
  const volumes: VolumeIo[] = [];
  for (const id of ids) volumes.push(watch.over(await openPublished(driver, id, load)));
  const runId = systemRandom.uuid();
  const machine = { clock: systemClock, random: systemRandom, signal };
  const writers = await startWriters({ volumes, writers: load.writers, runId, ...machine });
  const round = (cut: () => Promise<readonly CutSnapshot[]>) =>
    runRound({ driver, load, writers, watch, runId, ids, cut });
  return {
    cutGroup: () => round(() => cutAsGroup(driver, ids)),
    cutInTurn: () => round(() => cutInTurn(driver, ids)),
    acked: () => writers.progress().acked.reduce((sum, number) => sum + number, 0),
    async stop() {
      await writers.stop();
      await closeAll(volumes);
      for (const id of ids) await removeVolume(driver, id);
    },
  };
}

interface RoundOptions {
  readonly driver: TestDriver;
  readonly load: OrderLoad;
  readonly writers: Writers;
  readonly watch: StallWatch;
  readonly runId: string;
  readonly ids: readonly string[];
  readonly cut: () => Promise<readonly CutSnapshot[]>;
}

async function runRound({ driver, load, writers, watch, runId, ids, cut }: RoundOptions): Promise<Round> {
  const before = writers.progress();
  const startedMs = performance.now();
  watch.reset();
  const snapshots = await cut();
  const [cutMs, stalledMs] = [performance.now() - startedMs, watch.longestMs()];
  const after = writers.progress();
  const copies: string[] = [];
  for (const id of ids) copies.push(await restore(driver, snapshotOf(id, snapshots)));
  const volumes: VolumeIo[] = [];
  for (const copy of copies) volumes.push(await openPublished(driver, copy, load));
  const verdict = await judge({ volumes, runId, before, after });
  await closeAll(volumes);
  for (const copy of copies) await removeVolume(driver, copy);
  await removeCut(snapshots);
  return { verdict, cutMs, stalledMs };
}

async function restore({ csi }: TestDriver, snapshotId: string): Promise<string> {
  const { volume } = await csi.controller.createVolume(
    {
      name: `copy-${systemRandom.uuid()}`,
      volumeCapabilities: [blockCapability],
      volumeContentSource: { type: { case: "snapshot", value: { snapshotId } } },
    },
    call,
  );
  return volume?.volumeId ?? "";
}

async function openPublished(driver: TestDriver, volumeId: string, { fsType }: OrderLoad): Promise<VolumeIo> {
  const { target } = await driver.publish(volumeId, fsType && formatted(fsType));
  const wanted = fsType === undefined ? { path: target } : { path: join(target, "rings"), createBytes: ringsBytes };
  return openVolume({ ...wanted, signal });
}

async function removeVolume(driver: TestDriver, volumeId: string): Promise<void> {
  await driver.unpublish(volumeId);
  await driver.csi.controller.deleteVolume({ volumeId }, call);
}

async function closeAll(volumes: readonly VolumeIo[]): Promise<void> {
  await Promise.all(volumes.map((volume) => volume.close()));
}

/** Looks at how long writes and flushes take. */
interface StallWatch {
  over(volume: VolumeIo): VolumeIo;
  reset(): void;
  longestMs(): number;
}

function stallWatch(): StallWatch {
  const underWay = new Set<number>();
  let longestMs = 0;
  const timed = async (work: () => Promise<void>) => {
    const startedMs = performance.now();
    underWay.add(startedMs);
    await work();
    underWay.delete(startedMs);
    longestMs = Math.max(longestMs, performance.now() - startedMs);
  };
  return {
    over: (volume) => ({
      ...volume,
      write: (offset, data) => timed(() => volume.write(offset, data)),
      flush: () => timed(() => volume.flush()),
    }),
    reset: () => {
      longestMs = 0;
    },
    longestMs: () => Math.max(longestMs, ...[...underWay].map((startedMs) => performance.now() - startedMs)),
  };
}
