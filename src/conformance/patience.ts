import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { Failure, isFailure } from "../lib/failure.ts";
import type { Random } from "../lib/random.ts";
import type { Driver } from "./driver.ts";

/** A driver is asked again soon at first, since most are done at once, and then ever more rarely. */
const pause = { startMs: 5, capMs: 2_000 };

/** How long a driver may take for something, over any number of calls. */
export interface Patience {
  /** Calls again while the driver says that it is still at it, and after a call that took too long. */
  untilDone<T>(call: (driver: Driver) => Promise<T>): Promise<T>;
  /** Looks again until it sees something. @throws Failure "timeout" that says what was waited for */
  until<T>(what: string, look: (driver: Driver) => Promise<T | undefined>): Promise<T>;
}

export interface PatienceOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly random: Random;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export function patience({ driver, clock, random, limitMs, signal }: PatienceOptions): Patience {
  const waiting = async <T>(next: () => Promise<{ readonly seen: T } | { readonly why: Failure }>): Promise<T> => {
    const endsAtMs = clock.monotonicMs() + limitMs;
    for (let attempts = 1; ; attempts++) {
      const outcome = await next();
      if ("seen" in outcome) return outcome.seen;
      if (clock.monotonicMs() >= endsAtMs) throw outcome.why;
      await clock.sleep(backoffMs(pause, attempts, random), signal);
    }
  };
  return {
    untilDone: (call) =>
      waiting(async () => {
        try {
          return { seen: await call(driver) };
        } catch (error) {
          if (isFailure(error, "busy", "timeout")) return { why: error };
          throw error;
        }
      }),
    until: (what, look) =>
      waiting(async () => {
        const seen = await look(driver);
        return seen === undefined
          ? { why: new Failure("timeout", `${what}: not within ${limitMs} ms (--ready-timeout)`) }
          : { seen };
      }),
  };
}
