import { onAbort } from "./abort.ts";

/** Lets at most `size` pieces of work run at once; the others wait in order. */
export interface Limiter {
  /** Runs `work` when a place is free. @throws signal.reason when aborted while waiting */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** How many run now. */
  readonly running: number;
}

interface Waiter {
  readonly start: () => void;
}

export function limiter(size: number): Limiter {
  let running = 0;
  const waiting: Waiter[] = [];

  const release = () => {
    running--;
    waiting.shift()?.start();
  };
  const acquire = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const leave = () => {
        waiting.splice(waiting.indexOf(waiter), 1);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        start: () => {
          running++;
          off();
          resolve();
        },
      };
      let off = () => {};
      if (running < size) return waiter.start();
      waiting.push(waiter);
      off = onAbort(signal, leave);
    });

  return {
    async run(work, signal) {
      await acquire(signal);
      try {
        return await work();
      } finally {
        release();
      }
    },
    get running() {
      return running;
    },
  };
}
