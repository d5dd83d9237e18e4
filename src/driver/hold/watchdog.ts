import { once } from "node:events";
import { systemClock } from "../../lib/clock.ts";
import { Failure, failureOf } from "../../lib/failure.ts";
import { type Freezing, loadFreezing } from "./freezing.ts";
import { FrozenMounts } from "./frozen-mounts.ts";
import type { WatchdogAnswer, WatchdogAsk } from "./watchdog-protocol.ts";

/**
 * The watchdog's process: freezes for the driver that started it, and thaws when told, at the deadline, or when that
 * driver is gone, whichever comes first.
 *
 * @throws Failure "precondition" if it was not started by the driver, or the kernel's calls cannot be reached
 */
export async function runWatchdog(): Promise<void> {
  if (process.send === undefined)
    throw new Failure("precondition", "the watchdog is started by the driver and by nobody else; run `driver`");
  process.on("SIGINT", () => undefined); // a terminal's Ctrl-C reaches us too, but the driver decides
  process.on("SIGTERM", () => undefined);
  const freezing = await loadFreezing();
  if (freezing === undefined) throw new Failure("precondition", "koffi is not installed");
  const watchdog = new Watchdog(freezing);
  process.on("message", (message) => {
    watchdog.answer(message as WatchdogAsk).then(tell, (error: unknown) => {
      const { code, message: text } = failureOf(error);
      tell({ kind: "refused", failure: { code, message: text } });
    });
  });
  await once(process, "disconnect");
  await watchdog.end();
  process.exit(0);
}

function tell(answer: WatchdogAnswer): void {
  if (process.connected) process.send?.(answer);
}

interface Hold {
  readonly mounts: FrozenMounts;
  readonly over: AbortController;
  /** Settles when no freeze is under way any more. */
  readonly frozen: Promise<void>;
}

class Watchdog {
  readonly #freezing: Freezing;
  #hold: Hold | undefined;

  constructor(freezing: Freezing) {
    this.#freezing = freezing;
  }

  async answer(ask: WatchdogAsk): Promise<WatchdogAnswer> {
    if (ask.do === "thaw") return { kind: "thawed", lasted: this.#end(this.#hold) };
    if (this.#hold !== undefined) throw new Failure("busy", "another hold is not over yet");
    const mounts = new FrozenMounts(ask.mounts, this.#freezing);
    const hold: Hold = { mounts, over: new AbortController(), frozen: mounts.freeze() };
    this.#hold = hold;
    const { signal } = hold.over;
    systemClock.sleep(ask.deadlineMs, signal).then(
      () => this.#end(hold),
      () => undefined, // it was over in time
    );
    await hold.frozen.catch((error: unknown) => {
      this.#end(hold);
      throw error;
    });
    if (!signal.aborted) return { kind: "frozen" };
    throw new Failure("timeout", `the filesystems were not frozen within ${ask.deadlineMs} ms`);
  }

  /** The driver is gone: nobody waits for anything any more. */
  async end(): Promise<void> {
    const hold = this.#hold;
    this.#end(hold);
    await hold?.frozen.catch(() => undefined);
  }

  /** @returns true if all were frozen until now */
  #end(hold: Hold | undefined): boolean {
    if (hold === undefined || hold.over.signal.aborted) return false;
    hold.over.abort();
    const lasted = hold.mounts.thaw();
    // A freeze that is still under way may end frozen: it is thawed then, by a descriptor that is kept open until then.
    hold.frozen
      .then(() => hold.mounts.thaw())
      .catch(() => undefined) // it froze nothing, which was told
      .finally(() => {
        hold.mounts.close();
        if (this.#hold === hold) this.#hold = undefined;
      });
    return lasted;
  }
}
