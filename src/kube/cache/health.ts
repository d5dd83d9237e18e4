import type { Failure } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";

/** Why a cache cannot be filled. */
export interface Trouble {
  /** What was tried, on what, what to do. */
  readonly message: string;
  /** The cluster does not have the kind, or not in our version; it was not read since, whatever has failed later. */
  readonly unserved: boolean;
}

/** Why a cache cannot be filled, said once and not at every attempt. */
export interface Health {
  readonly trouble: Trouble | undefined;
  well(): void;
  ill(failure: Failure): void;
  /** @param message why the kind is not served */
  unserved(message: string): void;
}

/** @param told called when the trouble changes, and with undefined when it is over */
export function healthOf(resource: string, log: Logger, told?: (trouble: Trouble | undefined) => void): Health {
  let trouble: Trouble | undefined;
  const begins = (next: Trouble) => {
    if (next.message === trouble?.message) return;
    trouble = next;
    log.warn({ resource, trouble: next.message }, "the cache cannot be filled");
    told?.(next);
  };
  return {
    get trouble() {
      return trouble;
    },
    well() {
      if (trouble === undefined) return;
      log.info({ resource, trouble: trouble.message }, "the cache can be filled again");
      trouble = undefined;
      told?.(undefined);
    },
    ill: (failure) => begins({ message: sentenceOf(failure, resource), unserved: trouble?.unserved ?? false }),
    unserved: (message) => begins({ message, unserved: true }),
  };
}

function sentenceOf(failure: Failure, resource: string): string {
  return failure.code === "forbidden" ? `${failure.message}; grant list and watch on ${resource}` : failure.message;
}
