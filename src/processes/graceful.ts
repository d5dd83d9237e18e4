import { onAbort } from "../lib/abort.ts";
import type { Running, Surroundings } from "./surroundings.ts";

/** Plans end within milliseconds and calls to a driver within seconds: a stop takes no longer, and promises an end in 5 s. */
const drainLimitMs = 3_000;

/**
 * Starts work that may end what it has begun when it is told to stop: `stopping` is aborted at once, `signal` after a limit.
 * What is cut off then is handed over: names on the storage come from uids, so whoever works next repeats it.
 */
export async function startGraceful(
  around: Surroundings,
  start: (around: Surroundings & { readonly stopping: AbortSignal }) => Promise<Running>,
): Promise<Running> {
  const { clock, log, signal: stopping } = around;
  const over = new AbortController();
  const finished = new AbortController();
  const drain = () => {
    clock.sleep(drainLimitMs, finished.signal).then(
      () => {
        log.warn({ afterMs: drainLimitMs }, "calls in flight are given up; they will be repeated");
        over.abort(stopping.reason);
      },
      () => undefined, // all ended by itself
    );
  };
  const off = onAbort(stopping, drain);
  if (stopping.aborted) drain();
  const end = () => {
    off();
    finished.abort();
    over.abort(stopping.reason);
  };
  try {
    const { ready, ended } = await start({ ...around, signal: over.signal, stopping });
    return { ready, ended: ended.finally(end) };
  } catch (error) {
    end();
    throw error;
  }
}
