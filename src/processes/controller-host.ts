import type { Cache } from "../kube/cache/cache.ts";
import { type CacheOptions, cacheOf } from "../kube/cache/cache-of.ts";
import type { Client } from "../kube/client/client.ts";
import type { Reconciler } from "../kube/controller/controller.ts";
import { eventRecorder } from "../kube/controller/events.ts";
import type { ControllerMetrics } from "../kube/controller/metrics.ts";
import { runController } from "../kube/controller/run-controller.ts";
import type { KubeObject, Resource } from "../kube/object.ts";
import { limiter } from "../lib/limit.ts";
import type { Surroundings } from "./surroundings.ts";

/** What the controllers of one process share: a client, caches, a recorder of events, and a limit on what runs at once. */
export interface ControllerHost {
  readonly client: Client;
  /** A cache that lives as long as the process. */
  cache<T extends KubeObject>(
    resource: Resource<T>,
    options?: Pick<CacheOptions<T>, "indexes" | "optional" | "labelSelector">,
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
  /** Counts what the controller of this name does; nothing is counted when absent. */
  readonly metrics?: ((name: string) => ControllerMetrics) | undefined;
}

/** What `--worker-threads` and `--worker-actions` are by default. */
export const defaultWorkers = { workerThreads: 10, workerActions: 64 } as const;

export function controllerHost(client: Client, options: HostOptions, around: Surroundings): ControllerHost {
  const { clock, random, log, signal } = around;
  const caches: Cache<KubeObject>[] = [];
  const runs: (() => Promise<void>)[] = [];
  const events = eventRecorder({ client, component: options.component, clock, log, signal });
  const actions = limiter(options.workerActions);
  const deps = { client, clock, random, log, events, limiter: actions, workers: options.workerThreads, signal };
  return {
    client,
    cache(resource, cacheOptions = {}) {
      const cache = cacheOf({ client, resource, ...cacheOptions, clock, random, log });
      caches.push(cache as unknown as Cache<KubeObject>); // only run and synced are used from here
      return cache;
    },
    add(reconciler) {
      const metrics = options.metrics?.(reconciler.name);
      runs.push(() => runController(reconciler, { ...deps, ...(metrics && { metrics }) }));
    },
    async start() {
      const ended = Promise.all([...caches.map((cache) => cache.run(signal)), ...runs.map((run) => run())]);
      await Promise.race([Promise.all(caches.map((cache) => cache.synced(signal))), ended]);
      return { ended: ended.then(() => events.quiet()) };
    },
  };
}
