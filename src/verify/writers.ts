import { assert } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import { failureOf } from "../lib/failure.ts";
import type { Random } from "../lib/random.ts";
import { checkFits, type Geometry, placeOf } from "./layout.ts";
import type { Progress } from "./progress.ts";
import { encodeHeader, encodeRecord } from "./record.ts";
import type { VolumeIo } from "./volume.ts";

/** Enough that a cut meets writes all over a ring, few enough that a judge reads a volume in no time: 1 MiB. */
const defaultSlots = 256;

export interface WritersOptions {
  /** Two at least, or there is no order to lose. They stay the caller's to close. */
  readonly volumes: readonly VolumeIo[];
  /** How many sequences run side by side, each with numbers of its own. */
  readonly writers: number;
  /** A UUID; what earlier runs left on the volumes never counts. */
  readonly runId: string;
  /** Slots in each writer's ring on each volume. */
  readonly slots?: number;
  /** Mean pause between two records of a writer; 0 writes flat out. */
  readonly paceMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the writers, as `stop` does. */
  readonly signal: AbortSignal;
}

export interface Writers {
  /** Read it right before a cut is asked for and right after it was answered. */
  progress(): Progress;
  /** Aborted when the writers end: they were stopped, or one of them failed. */
  readonly ended: AbortSignal;
  /** Waits for the records under way. @throws Failure that ended a writer early */
  stop(): Promise<void>;
}

/**
 * Starts programs that write numbered records over many volumes, each record flushed before the next is written anywhere.
 * Resolves when every volume has its header on stable storage.
 *
 * @throws Failure "invalid" if a volume is too small; whatever the volumes throw
 */
export async function startWriters(options: WritersOptions): Promise<Writers> {
  const { volumes, runId } = options;
  assert(volumes.length > 1 && options.writers > 0, "an order test has two volumes and one writer at least");
  const geometry = { volumes: volumes.length, writers: options.writers, slots: options.slots ?? defaultSlots };
  checkFits(geometry, volumes);
  await Promise.all(volumes.map((volume, i) => writeHeader(volume, encodeHeader({ runId, volume: i, ...geometry }))));

  const stopped = new AbortController();
  const signal = AbortSignal.any([stopped.signal, options.signal]);
  const acked = Array<number>(options.writers).fill(0);
  const issued = Array<number>(options.writers).fill(0);
  const running = acked.map((_, writer) => runWriter({ ...options, geometry, writer, acked, issued, signal }));
  const results = Promise.allSettled(running.map((run) => run.finally(() => stopped.abort())));
  return {
    ended: stopped.signal,
    progress: () => ({ acked: [...acked], issued: [...issued] }),
    async stop() {
      stopped.abort(new DOMException("the writers were stopped", "AbortError"));
      const failed = (await results).find((result) => result.status === "rejected");
      if (failed) throw failureOf(failed.reason);
    },
  };
}

async function writeHeader(volume: VolumeIo, header: Buffer): Promise<void> {
  await volume.write(0, header);
  await volume.flush();
}

interface WriterRun extends WritersOptions {
  readonly geometry: Geometry;
  readonly writer: number;
  readonly acked: number[];
  readonly issued: number[];
}

async function runWriter(run: WriterRun): Promise<void> {
  const { geometry, writer, runId, signal } = run;
  for (let number = 1; !signal.aborted; number++) {
    const { volume, offset } = placeOf(geometry, writer, number);
    const target = run.volumes[volume];
    assert(target, "a record goes to one of the run's volumes");
    const record = encodeRecord({ runId, writer, number });
    run.issued[writer] = number;
    await target.write(offset, record);
    await target.flush();
    run.acked[writer] = number;
    await pause(run);
  }
}

/** Waits for `paceMs` on average, so that writers drift apart; the end of the run ends it early. */
async function pause({ clock, random, paceMs = 0, signal }: WriterRun): Promise<void> {
  if (paceMs === 0) return;
  await clock.sleep(2 * paceMs * random.next(), signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
