import { join } from "node:path";
import { offerOf } from "../conformance/offer.ts";
import { openLab } from "../conformance/open-lab.ts";
import { runRound } from "../conformance/order/round.ts";
import { useVolume, writtenBytes } from "../conformance/uses.ts";
import { call, type TestDriver } from "../driver/testing.ts";
import { systemClock } from "../lib/clock.ts";
import { Failure } from "../lib/failure.ts";
import { systemRandom } from "../lib/random.ts";
import type { Verdict } from "../verify/judge.ts";
import type { VolumeIo } from "../verify/volume.ts";
import { startWriters } from "../verify/writers.ts";
import { type CutSnapshot, cutAsGroup, cutInTurn, removeCut } from "./cuts.ts";

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

export interface OrderLoad {
  readonly volumes: number;
  readonly writers: number;
  /** Writes into a file on this filesystem instead of to the volume itself. */
  readonly fsType?: "ext4" | "xfs";
}

/** The least that every filesystem takes. */
const formattedBytes = 320 << 20;
const signal = new AbortController().signal;
const machine = { clock: systemClock, random: systemRandom, signal };

export async function startOrderRounds(driver: TestDriver, load: OrderLoad): Promise<OrderRounds> {
  const ids: string[] = [];
  for (let i = 0; i < load.volumes; i++) ids.push(await driver.volume(`order-${i}`, bytesOf(load)));
  const { lab, close } = openLab(runOf(driver, load), await offerOf(driver.csi, call));
  const volumes = ids.map((volumeId) => ({ volumeId, volumeContext: {} }));
  const watch = stallWatch();
  const opened: VolumeIo[] = [];
  for (const volume of volumes) opened.push(watch.over(await useVolume(lab, volume, { isCopy: false })));
  const runId = systemRandom.uuid();
  const writers = await startWriters({ volumes: opened, writers: load.writers, runId, ...machine });

  const round = async (cut: () => Promise<readonly CutSnapshot[]>): Promise<Round> => {
    let [cutMs, stalledMs] = [0, 0];
    const verdict = await runRound(lab, { volumes, writers, runId }, async ({ made }) => {
      const startedMs = performance.now();
      watch.reset();
      const snapshots = await cut();
      [cutMs, stalledMs] = [performance.now() - startedMs, watch.longestMs()];
      made.note("the snapshots of a round", () => removeCut(snapshots));
      return snapshots;
    });
    return { verdict, cutMs, stalledMs };
  };
  return {
    cutGroup: () => round(() => cutAsGroup(driver, ids)),
    cutInTurn: () => round(() => cutInTurn(driver, ids)),
    acked: () => writers.progress().acked.reduce((sum, number) => sum + number, 0),
    async stop() {
      await writers.stop();
      const left = await close();
      if (left.length > 0) throw new Failure("internal", `the rounds left something: ${left.join("; ")}`);
      for (const volumeId of ids) await driver.csi.controller.deleteVolume({ volumeId }, call);
    },
  };
}

const bytesOf = ({ fsType }: OrderLoad) => (fsType === undefined ? writtenBytes : formattedBytes);

/** A vendor's run over our driver. What it can be told of groups is told by those who cut them here. */
function runOf({ csi, folder }: TestDriver, load: OrderLoad): Parameters<typeof openLab>[0] {
  const { volumes, writers, fsType } = load;
  const settings = {
    volumes,
    volumeBytes: bytesOf(load),
    volumeMode: fsType === undefined ? ("Block" as const) : ("Filesystem" as const),
    fsType: fsType ?? "",
    volumeParameters: {},
    groupParameters: {},
    rounds: 0,
    writers,
    readyTimeoutMs: 60_000,
    workDir: join(folder, "order"),
  };
  return {
    csi,
    settings,
    secrets: {},
    callTimeoutMs: call.timeoutMs,
    keepGoing: false,
    cleaningSignal: signal,
    ...machine,
  };
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
