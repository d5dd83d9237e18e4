import { setMaxListeners } from "node:events";
import type { Clock } from "../../lib/clock.ts";
import { Failure, isFailure } from "../../lib/failure.ts";

/** Passes an abort of `from` on to `to`. Returns the way to stop doing so. */
export function forwardAbort(from: AbortSignal, to: AbortController): () => void {
  const forward = () => to.abort(from.reason);
  if (from.aborted) forward();
  setMaxListeners(0, from); // one for each request under way: many are no leak
  from.addEventListener("abort", forward, { once: true });
  return () => from.removeEventListener("abort", forward);
}

/** A reason made once: the default one is an error with a stack, made anew for each request. */
const inTime = "the work was done in time";

/**
 * Runs `work` with a signal that is aborted after `timeoutMs`, with a Failure "timeout" as its reason.
 *
 * Made for every request there is: unlike AbortSignal.any it leaves nothing behind on a signal that lives for ever.
 */
export async function within<T>(
  clock: Clock,
  limit: { readonly timeoutMs: number; readonly what: string; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // the work may wait for many things at once
  const unlink = forwardAbort(limit.signal, stop);
  clock.sleep(limit.timeoutMs, done.signal).then(
    () => stop.abort(new Failure("timeout", `cannot ${limit.what}: no answer within ${limit.timeoutMs} ms`)),
    () => undefined, // the work was done in time
  );
  try {
    return await work(stop.signal);
  } catch (error) {
    throw isFailure(stop.signal.reason, "timeout") ? stop.signal.reason : error;
  } finally {
    unlink();
    done.abort(inTime);
  }
}
