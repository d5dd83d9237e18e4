import type { Clock } from "../../lib/clock.ts";

/** Lets requests through at a steady rate with a burst on top: only for those who ask for it by flag. */
export interface Throttle {
  /** Resolves when one more request may go out. @throws signal.reason when aborted */
  pass(signal: AbortSignal): Promise<void>;
}

/** A token bucket; requests wait in the order in which they came. */
export function throttle(options: { readonly qps: number; readonly burst: number; readonly clock: Clock }): Throttle {
  const { qps, burst, clock } = options;
  const intervalMs = 1000 / qps;
  /** When the bucket is full again: each request moves it one interval further. */
  let fullAtMs = clock.monotonicMs();
  return {
    pass(signal) {
      const nowMs = clock.monotonicMs();
      fullAtMs = Math.max(fullAtMs, nowMs) + intervalMs;
      const waitMs = fullAtMs - nowMs - burst * intervalMs;
      return waitMs > 0 ? clock.sleep(waitMs, signal) : Promise.resolve();
    },
  };
}
