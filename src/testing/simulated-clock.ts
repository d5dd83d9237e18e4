import type { Clock } from "../lib/clock.ts";

/** A clock that stands still until the test moves it. */
export interface SimulatedClock extends Clock {
  /**
   * Moves time on, waking sleepers in the order in which they are due; whatever one of them sets off runs (promises,
   * and a few turns of the event loop) before the next is woken.
   */
  advance(ms: number): Promise<void>;
  /** How many are asleep. */
  readonly sleepers: number;
}

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** Enough for a chain of promises with some I/O on this machine in it; tests that talk to servers wait for a condition. */
const turnsToSettle = 5;

export function simulatedClock(start = new Date("2026-01-01T00:00:00Z")): SimulatedClock {
  let nowMs = 0;
  const sleepers = new Set<Sleeper>();

  const firstDue = (untilMs: number): Sleeper | undefined => {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers)
      if (sleeper.dueMs <= untilMs && (!first || sleeper.dueMs < first.dueMs)) first = sleeper;
    return first;
  };

  return {
    now: () => new Date(start.getTime() + nowMs),
    monotonicMs: () => nowMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const stop = () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        };
        const sleeper: Sleeper = {
          dueMs: nowMs + delayMs,
          wake: () => {
            sleepers.delete(sleeper);
            signal.removeEventListener("abort", stop);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal.addEventListener("abort", stop, { once: true });
      }),
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settle();
      for (let next = firstDue(untilMs); next; next = firstDue(untilMs)) {
        nowMs = Math.max(nowMs, next.dueMs);
        next.wake();
        await settle();
      }
      nowMs = untilMs;
    },
    get sleepers() {
      return sleepers.size;
    },
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < turnsToSettle; turn++) await new Promise((resolve) => setImmediate(resolve));
}
