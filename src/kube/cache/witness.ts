import type { Write } from "./cache.ts";
import { compareVersions } from "./version.ts";

/** Deletions are asked about within seconds; beyond this many the next list answers instead. */
const tombstoneLimit = 10_000;

/** Knows what a cache has seen of the server's history, and wakes those who wait for a part of it. */
export interface Witness {
  /** The newest version that the cache is known to have reached: where a watch resumes. */
  readonly version: string;
  /** Everything up to this version has been seen. */
  reached(version: string): void;
  /** The object with this uid is gone. */
  buried(uid: string): void;
  /** A list is about to be read: it will show whatever was written before now. */
  listBegins(): void;
  /** The cache is what that list showed. */
  listEnded(version: string): void;
  hasSeen(write: Write): boolean;
  /** Resolves when it has been seen. @throws signal.reason */
  wait(write: Write, signal: AbortSignal): Promise<void>;
}

interface Waiter {
  readonly write: Write;
  /** Lists that had begun when the wait began: the next one settles it, whatever it shows. */
  readonly afterList: number;
  readonly resolve: () => void;
}

export function witness(): Witness {
  let version = "0";
  let lists = 0;
  const buried = new Set<string>();
  const waiters = new Set<Waiter>();

  const hasSeen = (write: Write) =>
    "goneUid" in write ? buried.has(write.goneUid) : compareVersions(version, write.resourceVersion) >= 0;
  const wake = (isSettled: (waiter: Waiter) => boolean) => {
    for (const waiter of waiters) if (isSettled(waiter)) waiter.resolve();
  };
  const settled = (waiter: Waiter) => hasSeen(waiter.write);

  return {
    get version() {
      return version;
    },
    reached(next) {
      if (compareVersions(next, version) > 0) version = next;
      wake(settled);
    },
    buried(uid) {
      buried.add(uid);
      const [oldest] = buried;
      if (buried.size > tombstoneLimit && oldest !== undefined) buried.delete(oldest);
      wake(settled);
    },
    listBegins() {
      lists++;
    },
    listEnded(next) {
      version = next;
      wake((waiter) => waiter.afterList < lists || settled(waiter));
    },
    hasSeen,
    wait(write, signal) {
      if (hasSeen(write)) return Promise.resolve();
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const leave = () => {
          waiters.delete(waiter);
          reject(signal.reason);
        };
        const waiter: Waiter = {
          write,
          afterList: lists,
          resolve: () => {
            waiters.delete(waiter);
            signal.removeEventListener("abort", leave);
            resolve();
          },
        };
        waiters.add(waiter);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
  };
}
