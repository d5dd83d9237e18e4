import type { Random } from "./random.ts";

export interface BackoffRange {
  /** Delay before the second attempt. */
  readonly startMs: number;
  /** Delays grow no further than this. */
  readonly capMs: number;
}

/**
 * The delay before the next try after `attempts` failed ones: doubling from `startMs` to `capMs`, the upper half of it
 * random, so that many objects that failed together do not come back together, and none comes back at once.
 */
export function backoffMs(range: BackoffRange, attempts: number, random: Random): number {
  const full = Math.min(range.capMs, range.startMs * 2 ** Math.min(attempts - 1, 30));
  return full / 2 + (random.next() * full) / 2;
}
