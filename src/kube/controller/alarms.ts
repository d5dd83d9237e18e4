import type { Clock } from "../../lib/clock.ts";

/** Timers take no more than 24 days; a key that is looked at once a day for nothing costs nothing. */
const longestMs = 86_400_000;

/** At most one alarm a key: setting another replaces it. */
export interface Alarms {
  set(key: string, delayMs: number): void;
  cancel(key: string): void;
  stop(): void;
}

export function alarms(clock: Clock, ring: (key: string) => void): Alarms {
  const pending = new Map<string, AbortController>();
  const cancel = (key: string) => {
    pending.get(key)?.abort();
    pending.delete(key);
  };
  return {
    set(key, delayMs) {
      cancel(key);
      const alarm = new AbortController();
      pending.set(key, alarm);
      clock.sleep(Math.min(delayMs, longestMs), alarm.signal).then(
        () => {
          pending.delete(key);
          ring(key);
        },
        () => undefined, // cancelled
      );
    },
    cancel,
    stop() {
      for (const key of pending.keys()) cancel(key);
    },
  };
}
