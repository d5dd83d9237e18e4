import type { Clock } from "../../lib/clock.ts";
import { Failure, isFailure } from "../../lib/failure.ts";
import type { Cache } from "../cache/cache.ts";
import { within } from "../client/deadline.ts";
import { nameOf } from "../client/paths.ts";
import type { RecordedWrite } from "../client/recording.ts";

/** Caches list again by themselves when they are behind for 10 s; one that still is has no connection. */
const seenTimeoutMs = 30_000;

type Seer = Pick<Cache<never>, "hasSeen" | "sees">;

/** Resolves when every cache has seen these writes. @throws Failure "unavailable" when one does not get there in time */
export async function ownWritesSeen(
  writes: readonly RecordedWrite[],
  deps: { readonly caches: readonly Seer[]; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  if (writes.length === 0) return;
  const { caches, clock, signal } = deps;
  const what = writes.map(({ resource, write }) => `${nameOf(resource)} ${write.key}`).join(", ");
  try {
    await within(clock, { timeoutMs: seenTimeoutMs, what: `see ${what}`, signal }, async (limited) => {
      const waits = writes.flatMap(({ resource, write }) =>
        caches.filter((cache) => cache.sees(resource, write.key)).map((cache) => cache.hasSeen(write, limited)),
      );
      await Promise.all(waits);
    });
  } catch (error) {
    if (!isFailure(error, "timeout")) throw error;
    const why = `the caches have not shown our own writes of ${what} for ${seenTimeoutMs} ms`;
    throw new Failure("unavailable", `${why}; nothing is decided from what they held before`, { cause: error });
  }
}
