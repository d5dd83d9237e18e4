import { setMaxListeners } from "node:events";
import type { Clock } from "../../lib/clock.ts";
import { equalJson } from "../../lib/json.ts";
import { type Limiter, limiter } from "../../lib/limit.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { Cache } from "../cache/cache.ts";
import type { Client } from "../client/client.ts";
import { type KubeObject, keyOf } from "../object.ts";
import { alarms } from "./alarms.ts";
import { attempt } from "./attempt.ts";
import type { Reconciler } from "./controller.ts";
import type { EventRecorder } from "./events.ts";
import { loopOf } from "./loop.ts";
import type { RetryBounds } from "./memory.ts";
import { type ControllerMetrics, noMetrics } from "./metrics.ts";
import { keyQueue } from "./queue.ts";
import { report } from "./report.ts";

export interface ControllerDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics?: ControllerMetrics;
  readonly events?: EventRecorder;
  /** Shared by the controllers of a process: how many actions run at once. */
  readonly limiter?: Limiter;
  /** Keys that are worked on at once. */
  readonly workers?: number;
  /** Looks at every object this often, whether or not anything changed; never when absent. */
  readonly resyncMs?: number | undefined;
  /** Bounds the waits after failures, where given. */
  readonly retry?: RetryBounds | undefined;
  /** Ends the controller: no new keys, running actions get it too. */
  readonly signal: AbortSignal;
  /** Aborted before `signal` by a process that stops gracefully: no new keys, while running plans go on to their end. */
  readonly stopping?: AbortSignal | undefined;
}

/** The actions of one process at once: as many as its client sends requests. */
const defaultActions = 64;
/** Enough that a few slow keys do not hold up the others. */
const defaultWorkers = 10;
/** How often a controller that waits for its caches says so. */
const impatienceMs = 10_000;

/**
 * Runs a reconciler until the signal is aborted; resolves when all is quiet. The caches it reads must be running.
 *
 * Works on nothing before every cache has been read once; a kind that is not served holds it back, unless its cache is
 * optional. Nothing that a reconciler throws ends it.
 */
export async function runController<T extends KubeObject, Seen, Action>(
  reconciler: Reconciler<T, Seen, Action>,
  deps: ControllerDeps,
): Promise<void> {
  const { clock, signal, metrics = noMetrics } = deps;
  const stopping = deps.stopping ?? signal;
  const log = deps.log.child({ controller: reconciler.name });
  setMaxListeners(0, signal, stopping); // one for each action under way: many are no leak
  const addedMs = new Map<string, number>();
  const queue = keyQueue(metrics.depth);
  const add = (key: string) => {
    metrics.added();
    if (!addedMs.has(key)) addedMs.set(key, clock.monotonicMs());
    queue.add(key);
  };
  const clocks = alarms(clock, add);
  const loop = loopOf(reconciler, { ...deps, log, limiter: deps.limiter ?? limiter(defaultActions) });
  const unsubscribe = subscribe(reconciler, add);

  const work = async () => {
    for (;;) {
      const key = await queue.take(stopping).catch(() => undefined); // aborted: this worker's day is over
      if (key === undefined) return;
      const startedMs = clock.monotonicMs();
      metrics.waited(startedMs - (addedMs.get(key) ?? startedMs));
      addedMs.delete(key);
      const result = await attempt(loop, key, () => queue.covered(key));
      if (result.outcome === "failed" || result.outcome === "conflict") metrics.retried();
      if (result.wake?.when === "now") add(key);
      else if (result.wake?.when === "after") clocks.set(key, result.wake.delayMs);
      else if (result.wake) clocks.cancel(key);
      queue.done(key);
      report(log, key, result, clock.monotonicMs() - startedMs);
      metrics.worked(clock.monotonicMs() - startedMs, result);
    }
  };

  try {
    await cachesSynced(reconciler, { ...deps, log, signal: stopping });
    for (const object of reconciler.kind.list()) add(keyOf(object.metadata));
    const resync = resyncing(reconciler, { ...deps, signal: stopping, add });
    await Promise.all([...Array.from({ length: deps.workers ?? defaultWorkers }, work), resync]);
  } catch (error) {
    if (!stopping.aborted && !signal.aborted) throw error;
  } finally {
    unsubscribe();
    clocks.stop();
  }
}

/** Each change wakes its own key; those of other kinds wake the keys they concern, before and after the change. */
function subscribe<T extends KubeObject, Seen, Action>(
  reconciler: Reconciler<T, Seen, Action>,
  add: (key: string) => void,
): () => void {
  const own = reconciler.kind.onChange((change) => {
    if (change.type === "removed") reconciler.gone?.(change.object);
    add(keyOf(change.object.metadata));
  });
  const others = reconciler.watches.map(({ cache, keysOf, factOf }) =>
    cache.onChange((change) => {
      if (factOf && change.type === "updated" && equalJson(factOf(change.old), factOf(change.object))) return;
      const before = change.type === "updated" ? keysOf(change.old) : [];
      for (const key of new Set([...before, ...keysOf(change.object)])) add(key);
    }),
  );
  return () => {
    for (const unsubscribe of [own, ...others]) unsubscribe();
  };
}

/** Waits until every cache has been read, and says what it waits for. */
async function cachesSynced<T extends KubeObject, Seen, Action>(
  reconciler: Reconciler<T, Seen, Action>,
  deps: Pick<ControllerDeps, "clock" | "log" | "signal">,
): Promise<void> {
  const caches = [reconciler.kind, ...reconciler.watches.map((each) => each.cache)];
  const done = new AbortController();
  const complain = async () => {
    for (;;) {
      await deps.clock.sleep(impatienceMs, done.signal);
      const troubles = caches.flatMap((cache) => cache.trouble ?? []);
      deps.log.warn({ troubles }, "still waiting for caches to be read");
    }
  };
  complain().catch(() => undefined); // it ends by its signal
  try {
    await Promise.all(caches.map((cache) => cache.synced(deps.signal)));
  } finally {
    done.abort();
  }
}

async function resyncing<T extends KubeObject>(
  reconciler: { readonly kind: Cache<T> },
  deps: Pick<ControllerDeps, "clock" | "resyncMs" | "signal"> & { readonly add: (key: string) => void },
): Promise<void> {
  while (deps.resyncMs !== undefined && !deps.signal.aborted) {
    await deps.clock.sleep(deps.resyncMs, deps.signal).catch(() => undefined); // aborted: the loop ends
    if (!deps.signal.aborted) for (const object of reconciler.kind.list()) deps.add(keyOf(object.metadata));
  }
}
