import { type BackoffRange, backoffMs } from "../../lib/backoff.ts";
import type { Clock } from "../../lib/clock.ts";
import { failureOf } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { NodeDeps } from "../deps.ts";
import { unpublish } from "./on-machine.ts";

const retry: BackoffRange = { startMs: 1_000, capMs: 60_000 };

/**
 * Ends what is published for claims that do not exist any more: they were forced away, or went while nobody was here.
 *
 * @param around.signal cuts calls to the driver off
 * @param around.stopping ends it once the call under way has ended
 */
export async function endOrphans(
  deps: NodeDeps,
  around: {
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Logger;
    readonly signal: AbortSignal;
    readonly stopping?: AbortSignal;
  },
): Promise<void> {
  const { claims } = deps.caches;
  const { signal, stopping = signal, clock, random, log } = around;
  await claims.synced(stopping).catch(() => undefined); // aborted: the loop does not begin
  for (let failures = 0; !stopping.aborted; ) {
    const changed = nextRemoval(deps, stopping);
    const existing = new Set(claims.list().map(({ metadata }) => metadata.uid));
    const orphan = deps.records.list().find(({ claimUid }) => !existing.has(claimUid));
    if (!orphan) {
      await changed;
      continue;
    }
    try {
      await unpublish(orphan, signal, deps);
      log.info({ claim: `${orphan.namespace}/${orphan.claimName}` }, "unpublished the volume of a claim that is gone");
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ claim: `${orphan.namespace}/${orphan.claimName}`, err: failureOf(error) }, "cannot unpublish");
      await clock.sleep(backoffMs(retry, ++failures, random), stopping).catch(() => undefined); // aborted: the loop ends
    }
  }
}

function nextRemoval({ caches }: NodeDeps, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      unsubscribe();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const unsubscribe = caches.claims.onChange((change) => {
      if (change.type === "removed") done();
    });
    signal.addEventListener("abort", done, { once: true });
  });
}
