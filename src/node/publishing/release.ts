import { failureOf } from "../../lib/failure.ts";
import { limiter } from "../../lib/limit.ts";
import type { Logger } from "../../lib/log.ts";
import { unpublish } from "./on-machine.ts";
import type { PublishedRecord } from "./records.ts";

/** Each is some processes of the machine's tools. */
const atOnce = 8;

/**
 * Ends all that is published on this machine, for the end of a process: the claims keep their volumes and paths, and the
 * next start publishes them again. A volume that somebody uses stays where it is, for that start to go on with.
 */
export async function releaseAll(
  deps: Parameters<typeof unpublish>[2],
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const places = limiter(atOnce);
  const release = async (record: PublishedRecord) => {
    try {
      await places.run(() => unpublish(record, signal, deps), signal);
    } catch (error) {
      const { targetPath: path, namespace, claimName } = record;
      log.warn(
        { path, claim: `${namespace}/${claimName}`, why: failureOf(error).message },
        "stays published: the next start takes it over",
      );
    }
  };
  await Promise.all(deps.records.list().map(release));
}
