import type { Failure } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";

/** Why a cache cannot be filled, said once and not at every attempt. */
export interface Health {
  readonly trouble: string | undefined;
  well(): void;
  ill(failure: Failure): void;
}

export function healthOf(resource: string, log: Logger): Health {
  let trouble: string | undefined;
  return {
    get trouble() {
      return trouble;
    },
    well() {
      if (trouble !== undefined) log.info({ resource, trouble }, "the cache can be filled again");
      trouble = undefined;
    },
    ill(failure) {
      const next = sentenceOf(failure, resource);
      if (next !== trouble) log.warn({ resource, trouble: next }, "the cache cannot be filled");
      trouble = next;
    },
  };
}

function sentenceOf(failure: Failure, resource: string): string {
  switch (failure.code) {
    case "notFound":
      return `${resource} is not served by the cluster: install its CustomResourceDefinition, nothing needs a restart`;
    case "forbidden":
    case "unauthenticated":
      return `${failure.message}; grant list and watch on ${resource}`;
    default:
      return failure.message;
  }
}
