/**
 * Keys that wait to be worked on. A key waits once, however often it is added; one that is added while a worker has it
 * waits again when that worker is done, so no key is ever worked on twice at a time and no addition is lost.
 */
export interface KeyQueue {
  add(key: string): void;
  /** The key that has waited longest; the caller owns it until `done`. @throws signal.reason when aborted */
  take(signal: AbortSignal): Promise<string>;
  done(key: string): void;
  /** The worker that has this key is about to look: what was added until now it will see. */
  covered(key: string): void;
  /** How many keys wait. */
  readonly length: number;
}

export function keyQueue(onDepth: (depth: number) => void = () => undefined): KeyQueue {
  const waiting = new Set<string>(); // a Set keeps the order of insertion
  const working = new Set<string>();
  const again = new Set<string>();
  const takers = new Set<() => void>();

  const enqueue = (key: string) => {
    waiting.add(key);
    onDepth(waiting.size);
    const [taker] = takers;
    taker?.();
  };
  const pick = (): string | undefined => {
    const [key] = waiting;
    if (key === undefined) return undefined;
    waiting.delete(key);
    working.add(key);
    onDepth(waiting.size);
    return key;
  };

  return {
    add(key) {
      if (working.has(key)) again.add(key);
      else if (!waiting.has(key)) enqueue(key);
    },
    take(signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const key = pick();
        if (key !== undefined) return resolve(key);
        const leave = () => {
          takers.delete(taker);
          reject(signal.reason);
        };
        const taker = () => {
          const next = pick();
          if (next === undefined) return;
          takers.delete(taker);
          signal.removeEventListener("abort", leave);
          resolve(next);
        };
        takers.add(taker);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
    done(key) {
      working.delete(key);
      if (again.delete(key)) enqueue(key);
    },
    covered: (key) => void again.delete(key),
    get length() {
      return waiting.size;
    },
  };
}
