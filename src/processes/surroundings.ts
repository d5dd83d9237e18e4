import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";

/** What every process is given from outside: time, chance, a log, and the signal that ends it. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Aborted when the process is to stop; `Running.ended` then settles. */
  readonly signal: AbortSignal;
  /** Aborted earlier than `signal` where work that was begun may end first: nothing new begins. */
  readonly stopping?: AbortSignal;
}

/** A process that works. */
export interface Running {
  /** Said behind `ready: ` on standard output. */
  readonly ready: string;
  /** Resolves when all has stopped after the signal; rejects with the reason when it ended by itself. */
  readonly ended: Promise<void>;
}

/** Closes something when the signal is aborted; resolves when it is closed. */
export async function closedOn(signal: AbortSignal, close: () => Promise<void>): Promise<void> {
  await aborted(signal);
  await close();
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
