import { type Clock, withTimeout } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { limiter } from "../../lib/limit.ts";
import type { Logger } from "../../lib/log.ts";
import type { Freezing } from "./freezing.ts";
import { FrozenMounts, type Held } from "./frozen-mounts.ts";
import type { HoldLedger } from "./ledger.ts";
import { WatchdogProcess } from "./watchdog-process.ts";

/** Holds all changes of several mounted filesystems for as long as something is done. */
export interface Holder {
  /**
   * Freezes all, does the work, thaws all; whatever happens, nothing stays frozen beyond the deadline.
   *
   * @returns what the work gave, and whether every filesystem was frozen from before its start to after its end
   * @throws Failure "precondition" if one cannot be frozen; "timeout" past the deadline, when the work may still go on;
   *   "unavailable" if the watchdog ended; what the work throws
   */
  hold<T>(mounts: readonly Held[], work: () => Promise<T>): Promise<{ readonly result: T; readonly lasted: boolean }>;
  close(): void;
}

interface Deps {
  /** Program and arguments of the watchdog (`runWatchdog`). */
  readonly command: readonly [string, ...string[]];
  readonly freezing: Freezing;
  readonly ledger: HoldLedger;
  /** How long writers may be held. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told while everything is frozen: where crash tests pull the plug. */
  readonly onFrozen?: () => void;
}

/** By how much a watchdog that is stopped itself may miss its deadline before the driver thaws in its place. */
const graceMs = 300;

/**
 * Three layers keep workloads from staying frozen: the watchdog, which thaws at the deadline or when this process is
 * gone; this process, which thaws when the watchdog is gone or silent; and the ledger, by which the next start thaws what
 * both left when they were killed together.
 */
export function watchedHolder(deps: Deps): Holder {
  const { freezing, ledger, clock, log } = deps;
  const oneHold = limiter(1);
  const forEver = new AbortController().signal; // a hold ends by its deadline
  let watchdog: WatchdogProcess | undefined;

  const armed = () => {
    if (watchdog === undefined || watchdog.hasEnded) watchdog = new WatchdogProcess(deps.command);
    return watchdog;
  };

  async function holdNow<T>(mounts: readonly Held[], work: () => Promise<T>) {
    const own = new FrozenMounts(mounts, freezing);
    const dog = armed();
    const limit = { timeoutMs: deps.deadlineMs + graceMs, what: "the hold of filesystems", signal: forEver };
    try {
      ledger.add(mounts);
      return await withTimeout(clock, limit, async (deadline) => {
        const tooLate = rejectedOn(deadline);
        await Promise.race([dog.ask({ do: "freeze", mounts, deadlineMs: deps.deadlineMs }), tooLate]);
        deps.onFrozen?.();
        const result = await Promise.race([work(), tooLate, dog.ended]);
        const answer = await Promise.race([dog.ask({ do: "thaw" }), tooLate]);
        return { result, lasted: answer.kind === "thawed" && answer.lasted };
      });
    } catch (error) {
      if (!isLate(error)) {
        if (!dog.hasEnded) await dog.ask({ do: "thaw" }).catch(() => undefined);
        throw error;
      }
      own.thaw();
      dog.kill(); // it is stopped or stuck: what it would freeze or thaw later must not meet the next hold
      await dog.ended.catch(() => undefined); // a freeze that was under way ends frozen before it does, and is thawed below
      throw new Failure("timeout", "the hold of filesystems took too long", { cause: error });
    } finally {
      if (own.thaw()) log.warn({ mounts }, "thawed filesystems in place of their watchdog");
      own.close();
      ledger.clear();
    }
  }

  return {
    hold: (mounts, work) => oneHold.run(() => holdNow(mounts, work), forEver),
    close: () => watchdog?.close(),
  };
}

const isLate = (error: unknown) => error instanceof DOMException && error.name === "TimeoutError";

function rejectedOn(signal: AbortSignal): Promise<never> {
  const rejected = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
  );
  rejected.catch(() => undefined); // it may come when nobody races any more
  return rejected;
}
