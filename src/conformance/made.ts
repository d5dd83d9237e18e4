import { mayHaveHappened } from "../csi/status.ts";
import { failureOf, isFailure } from "../lib/failure.ts";
import type { Driver } from "./driver.ts";
import type { Patience } from "./patience.ts";

/** All that was made, so that it can be taken away: the last first. */
export interface Made {
  /** Notes how `what` is taken away; to be called before it is made. */
  note(what: string, undo: (patience: Patience) => Promise<unknown>): void;
  /** Makes something whose handle only the answer tells, and remembers it. */
  make<Handle>(making: Making<Handle>, patience: Patience): Promise<Handle>;
  /** Takes it all away, as far as it goes. @returns what is left, each with the reason */
  undo(patience: Patience): Promise<readonly string[]>;
}

export interface Making<Handle> {
  readonly what: string;
  /** Asked again, it tells the handle again. */
  readonly create: (driver: Driver) => Promise<Handle>;
  /** What the driver calls it, for whoever has to take it away by hand. */
  readonly idOf: (handle: Handle) => string;
  readonly remove: (driver: Driver, handle: Handle) => Promise<unknown>;
}

export function made(): Made {
  const steps: { readonly what: () => string; readonly undo: (patience: Patience) => Promise<unknown> }[] = [];
  return {
    note: (what, undo) => void steps.push({ what: () => what, undo }),
    async make<Handle>({ what, create, idOf, remove }: Making<Handle>, patience: Patience) {
      let known: { readonly handle: Handle } | undefined;
      let isRefused = false;
      const undo = async (later: Patience) => {
        if (isRefused) return;
        known ??= await findAgain(() => later.untilDone(create));
        const found = known;
        if (found) await later.untilDone((driver) => remove(driver, found.handle));
      };
      steps.push({ what: () => (known ? `${what}, which is ${idOf(known.handle)}` : what), undo });
      try {
        known = { handle: await patience.untilDone(create) };
        return known.handle;
      } catch (error) {
        isRefused = !mayHaveHappened(failureOf(error));
        throw error;
      }
    },
    async undo(patience) {
      const left: string[] = [];
      for (const { what, undo } of steps.splice(0).reverse())
        await undo(patience).catch((error: unknown) => {
          if (!isFailure(error, "notFound")) left.push(`${what()}: ${failureOf(error).message}`);
        });
      return left;
    },
  };
}

/** What fails again for good has made nothing that anybody knows of. */
async function findAgain<Handle>(create: () => Promise<Handle>): Promise<{ readonly handle: Handle } | undefined> {
  try {
    return { handle: await create() };
  } catch (error) {
    if (isFailure(error, "busy", "timeout", "unavailable", "cancelled")) throw error;
    return undefined;
  }
}
