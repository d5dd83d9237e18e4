import { Failure, isFailure } from "../../lib/failure.ts";
import type { At, KubeObject, Resource } from "../object.ts";
import type { Client } from "./client.ts";

export interface Wait<T extends KubeObject> {
  /** What is waited for, as it stands in the message of a timeout: "claim pvc-0 to be bound". */
  readonly what: string;
  /** True when the wait is over; undefined stands for an object that does not exist. May throw to give up with a reason. */
  readonly until: (object: T | undefined) => boolean;
  readonly signal: AbortSignal;
}

/**
 * Waits by list and watch until one object is as wanted; gives back the object (undefined when it is gone).
 *
 * @throws Failure "timeout", with what the object last said, when the signal is a timeout; whatever `until` throws
 */
export async function waitFor<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  at: At,
  wait: Wait<T>,
): Promise<T | undefined> {
  const only = { fieldSelector: `metadata.name=${at.name}`, ...(at.namespace ? { namespace: at.namespace } : {}) };
  let last: T | undefined;
  try {
    for (;;) {
      const list = await client.list(resource, { ...only, signal: wait.signal });
      last = list.items[0];
      if (wait.until(last)) return last;
      try {
        for await (const event of client.watch(resource, {
          ...only,
          resourceVersion: list.resourceVersion,
          signal: wait.signal,
        })) {
          if (event.type === "BOOKMARK") continue;
          last = event.type === "DELETED" ? undefined : event.object;
          if (wait.until(last)) return last;
        }
      } catch (error) {
        if (!isFailure(error, "expired")) throw error; // too old a version: list again
      }
    }
  } catch (error) {
    if (!isTimeout(wait.signal)) throw error;
    throw new Failure("timeout", `waited too long for ${wait.what}; it was last seen as ${summary(last)}`, {
      cause: error,
    });
  }
}

/** Aborted by its time, and not because whoever waits is to stop. */
function isTimeout({ reason }: AbortSignal): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}

function summary(object: KubeObject | undefined): string {
  if (!object) return "not existing";
  const status =
    "status" in object
      ? JSON.stringify(object.status, (_key, value) => (typeof value === "bigint" ? `${value}` : value))
      : "{}";
  return (status ?? "{}").slice(0, 500);
}
