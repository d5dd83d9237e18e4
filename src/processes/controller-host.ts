import type { Cache } from "../kube/cache/cache.ts";
import { type CacheOptions, cacheOf } from "../kube/cache/cache-of.ts";
import type { Client } from "../kube/client/client.ts";
import type { Reconciler } from "../kube/controller/controller.ts";
import { eventRecorder } from "../kube/controller/events.ts";
import type { RetryBounds } from "../kube/controller/memory.ts";
import { runController } from "../kube/controller/run-controller.ts";
import type { KubeObject, Resource } from "../kube/object.ts";
import { onAbort } from "../lib/abort.ts";
import { limiter } from "../lib/limit.ts";
import type { Metrics } from "./http-endpoint.ts";
import { readinessOf, tellingOf } from "./served-kinds.ts";
import type { Surroundings } from "./surroundings.ts";

/** What the controllers of one process share: a client, caches, a recorder of events, and a limit on what runs at once. */
export interface ControllerHost {
  readonly client: Client;
  /** A cache that lives as long as the process. */
  cache<T extends KubeObject>(
    resource: Resource<T>,
    options?: Pick<CacheOptions<T>, "indexes" | "optional" | "labelSelector"> & {
      /** That the kind is not served is nobody's trouble: neither readiness nor an event tells of it. */
      readonly quiet?: boolean;
    },
  ): Cache<T>;
  add<T extends KubeObject, Seen, Action>(reconciler: Reconciler<T, Seen, Action>): void;
  /** Starts caches and controllers; resolves when all caches have been read once. Rejects with the signal's reason. */
  start(): Promise<{ readonly ended: Promise<void> }>;
}

export interface HostOptions {
  /** Names the source of events: "snapshot-controller". */
  readonly component: string;
  readonly workerThreads: number;
  readonly workerActions: number;
  /** Every object is looked at this often, whether or not it changed; never when absent. */
  readonly resyncMs?: number | undefined;
  /** Bounds the waits after failures. */
  readonly retry?: RetryBounds | undefined;
  /** How often at least a kind that is not served is asked for. */
  readonly retryCrdIntervalMaxMs?: number | undefined;
  /** Where is counted what controllers do, and told what they wait for; absent where nobody could ask. */
  readonly metrics?: Metrics | undefined;
}

/** What `--worker-threads` and `--worker-actions` are by default. */
export const defaultWorkers = { workerThreads: 10, workerActions: 64 } as const;

export function controllerHost(client: Client, options: HostOptions, around: Surroundings): ControllerHost {
  const { clock, random, log, signal, stopping = signal } = around;
  const { component, workerThreads: workers, resyncMs, retry, retryCrdIntervalMaxMs } = options;
  const health = options.metrics?.health;
  const caches: Cache<KubeObject>[] = [];
  const watched: (() => void)[] = [];
  const runs: (() => Promise<void>)[] = [];
  const events = eventRecorder({ client, component, clock, log, signal });
  const actions = limiter(options.workerActions);
  const deps = { client, clock, random, log, events, limiter: actions, workers, resyncMs, retry, signal, stopping };
  return {
    client,
    cache(resource, { quiet, ...cacheOptions } = {}) {
      const tell = {
        ...(retryCrdIntervalMaxMs && { unservedRetryMs: retryCrdIntervalMaxMs }),
        ...(!quiet && { onTrouble: tellingOf(resource, events) }),
      };
      const cache = cacheOf({ client, resource, ...cacheOptions, ...tell, clock, random, log });
      const plain = cache as unknown as Cache<KubeObject>; // nothing that takes an object is used from here
      caches.push(plain);
      if (health && !quiet) watched.push(() => readinessOf(resource, plain, health, stopping));
      return cache;
    },
    add(reconciler) {
      const metrics = options.metrics?.controllers(reconciler.name);
      runs.push(() => runController(reconciler, { ...deps, ...(metrics && { metrics }) }));
    },
    async start() {
      for (const begin of watched) begin(); // one that waits for its turn to lead is ready for that
      const reading = cancelledBy(signal); // caches are kept current until the last plan has ended
      const work = Promise.all(runs.map((run) => run())).then(() => events.quiet());
      const read = caches.map((cache) => cache.run(reading.signal));
      const ended = Promise.all([...read, work.finally(() => reading.abort(stopping.reason))]).then(() => undefined);
      await Promise.race([Promise.all(caches.map((cache) => cache.synced(stopping))), ended]);
      return { ended };
    },
  };
}

/** A controller of its own that is aborted with the signal, too. */
function cancelledBy(signal: AbortSignal): AbortController {
  const own = new AbortController();
  onAbort(signal, () => own.abort(signal.reason));
  if (signal.aborted) own.abort(signal.reason);
  return own;
}
