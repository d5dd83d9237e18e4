import { onAbort } from "./abort.ts";

/** Time, handed in: the same code runs on the machine's clock and under simulated time. */
export interface Clock {
  /** Wall-clock time. It may jump. */
  now(): Date;
  /** Milliseconds since some fixed moment; never goes back. For durations and deadlines. */
  monotonicMs(): number;
  /** Resolves after `delayMs`; rejects with `signal.reason` as soon as the signal is aborted. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (delayMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const stop = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      let timer = setTimeout(() => undefined, 0);
      const wait = (leftMs: number) => {
        timer = setTimeout(
          () => {
            if (leftMs > timerLimitMs) return wait(leftMs - timerLimitMs);
            off();
            resolve();
          },
          Math.min(leftMs, timerLimitMs),
        );
      };
      const off = onAbort(signal, stop);
      wait(delayMs);
    }),
};

/** The longest delay that setTimeout knows, 24.8 days; a longer one would end at once. */
const timerLimitMs = 2 ** 31 - 1;

/**
 * Runs `work` with a signal that is aborted after `timeoutMs`, or together with `signal`.
 *
 * The signal's reason after the timeout is a DOMException named TimeoutError whose message is `what`.
 */
export async function withTimeout<T>(
  clock: Clock,
  limit: { readonly timeoutMs: number; readonly what: string; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { timeoutMs, what } = limit;
  const done = new AbortController();
  const limited = new AbortController();
  // Not AbortSignal.any: what it makes is kept alive by its listeners, for as long as the caller's signal lives.
  const cancel = () => limited.abort(limit.signal.reason);
  const off = onAbort(limit.signal, cancel);
  if (limit.signal.aborted) cancel();
  clock.sleep(timeoutMs, done.signal).then(
    () => limited.abort(new DOMException(`${what} took longer than ${timeoutMs} ms`, "TimeoutError")),
    () => undefined,
  );
  try {
    return await work(limited.signal);
  } finally {
    done.abort();
    off();
  }
}
