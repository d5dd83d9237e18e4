import type { Clock } from "../lib/clock.ts";
import { Failure } from "../lib/failure.ts";
import type { Random } from "../lib/random.ts";
import { judge, type Verdict } from "./judge.ts";
import { openVolumes } from "./open-volume.ts";
import { parseProgress } from "./progress.ts";
import { startWriters } from "./writers.ts";

/** Where a command says things: one line a call, without its line feed. */
export type Say = (line: string) => void;

export interface WriteOptions {
  /** NBD sockets, published folders, block devices or files: two at least. */
  readonly paths: readonly string[];
  readonly writers: number;
  /** One is made up when absent. */
  readonly runId?: string;
  readonly slots?: number;
  readonly paceMs?: number;
  /** Makes files, this large, where nothing stands. */
  readonly createBytes?: number;
  /** Ends after this long; without it, only the signal ends it. */
  readonly durationMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** How often `verify write` says how far it is. */
const reportEveryMs = 1000;

/**
 * `groupsnap verify write`: writes until it is told to stop, and says each second, as a line of JSON, how far it is.
 *
 * A line printed before a cut was asked for is what `verify judge` takes as `before`, one printed after it as `after`.
 */
export async function verifyWrite(options: WriteOptions, say: Say): Promise<void> {
  if (options.paths.length < 2)
    throw new Failure("invalid", `an order test needs two volumes at least, not ${options.paths.length}: name another`);
  const runId = options.runId ?? options.random.uuid();
  const volumes = await openVolumes(options);
  try {
    const writers = await startWriters({ ...options, volumes, runId });
    const report = () => say(JSON.stringify({ runId, ...writers.progress() }));
    report();
    await untilOver({ ...options, signal: AbortSignal.any([options.signal, writers.ended]) }, report);
    await writers.stop();
    report();
  } finally {
    await Promise.all(volumes.map((volume) => volume.close()));
  }
}

/** Reports every second until time is up or the signal is aborted, which is how this command is meant to end. */
async function untilOver({ clock, signal, durationMs = Infinity }: WriteOptions, report: () => void): Promise<void> {
  const endsAtMs = clock.monotonicMs() + durationMs;
  while (!signal.aborted && clock.monotonicMs() < endsAtMs) {
    const delayMs = Math.min(reportEveryMs, endsAtMs - clock.monotonicMs());
    await clock.sleep(delayMs, signal).then(report, () => undefined);
  }
}

export interface JudgeCommandOptions {
  /** The restored volumes, in the order in which their sources were given to `verify write`. */
  readonly paths: readonly string[];
  readonly runId: string;
  /** A line of `verify write`, printed before the cut was asked for. */
  readonly before?: string;
  /** A line of `verify write`, printed after the cut was answered. */
  readonly after?: string;
  readonly signal: AbortSignal;
}

/** A volume that lost everything breaks the rule in every slot; this many examples say it as well. */
const saidLimit = 20;

/** `groupsnap verify judge`: says violations and the verdict. @returns true when there is none */
export async function verifyJudge(options: JudgeCommandOptions, say: Say): Promise<boolean> {
  const { runId, before, after } = options;
  const known = {
    ...(before === undefined ? {} : { before: parseProgress(before) }),
    ...(after === undefined ? {} : { after: parseProgress(after) }),
  };
  const volumes = await openVolumes(options);
  try {
    const verdict = await judge({ volumes, runId, ...known });
    for (const violation of verdict.violations.slice(0, saidLimit)) say(violation);
    if (verdict.violations.length > saidLimit) say(`and ${verdict.violations.length - saidLimit} more`);
    say(summaryOf(verdict));
    return verdict.violations.length === 0;
  } finally {
    await Promise.all(volumes.map((volume) => volume.close()));
  }
}

/** "in order: 812 records, 0 violations", or "out of order: …". */
function summaryOf({ records, violations }: Verdict): string {
  const order = violations.length === 0 ? "in order" : "out of order";
  return `${order}: ${records} records, ${violations.length} violation${violations.length === 1 ? "" : "s"}`;
}
