import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import { readableBytes } from "./sizes.ts";
import type { Space } from "./space.ts";

/** A disk that is written at 1 GiB/s has lost 30 GiB meanwhile, which is what a reserve is for. */
const lookEveryMs = 30_000;
const lowMessage = "the pool is filling up: in its reserve nothing new is made; delete snapshots, or make it larger";

interface Deps {
  readonly space: Pick<Space, "levels">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Warns when the pool comes near its reserve, and says when it has room again: once each. */
export function spaceAlarm(deps: Deps): { close(): Promise<void> } {
  const stopped = new AbortController();
  const watched = watch(deps, stopped.signal);
  return {
    close() {
      stopped.abort(new DOMException("the driver stops", "AbortError"));
      return watched;
    },
  };
}

async function watch({ space, clock, log }: Deps, signal: AbortSignal): Promise<void> {
  let wasLow = false;
  while (!signal.aborted) {
    try {
      const { isLow, freeBytes, reserveBytes } = await space.levels();
      const fields = { free: readableBytes(freeBytes), reserve: readableBytes(reserveBytes) };
      if (isLow && !wasLow) log.warn(fields, lowMessage);
      if (!isLow && wasLow) log.info(fields, "the pool has room again");
      wasLow = isLow;
    } catch (error) {
      log.error({ err: error }, "cannot look at the room that the pool has");
    }
    await clock.sleep(lookEveryMs, signal).catch(() => undefined); // stopped, which is looked at above
  }
}
