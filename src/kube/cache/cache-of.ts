import { assert } from "../../lib/assert.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { Client } from "../client/client.ts";
import { nameOf } from "../client/paths.ts";
import type { KubeObject, Resource } from "../object.ts";
import type { Cache, Change, Indexes } from "./cache.ts";
import { follower } from "./follow.ts";
import { gate } from "./gate.ts";
import { healthOf, type Trouble } from "./health.ts";
import { isUnserved } from "./served.ts";
import { storeOf } from "./store.ts";
import { witness } from "./witness.ts";

export interface CacheOptions<T extends KubeObject> {
  readonly client: Client;
  readonly resource: Resource<T>;
  readonly indexes?: Indexes<T>;
  /** Only this namespace; all of them when absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** A kind that is not served has no objects: the cache then counts as synced, and fills once the kind is there. */
  readonly optional?: boolean;
  /** How often at least a kind that is not served is asked for; 30 s when absent. */
  readonly unservedRetryMs?: number;
  /** Told when trouble begins or changes, and with undefined when it is over. */
  readonly onTrouble?: (trouble: Trouble | undefined) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A watch that has not shown our own write for this long is not believed any more: the list is read again. */
const staleMs = 10_000;

/** A cache of one kind; `run` fills it and keeps it current. */
export function cacheOf<T extends KubeObject>(options: CacheOptions<T>): Cache<T> {
  const { resource, namespace, labelSelector, clock, log } = options;
  const store = storeOf(options.indexes ?? {}, (error) =>
    log.error({ err: error }, "an index function threw: this is a bug"),
  );
  const history = witness();
  const health = healthOf(nameOf(resource), log, options.onTrouble);
  const firstList = gate();
  const { listeners, deliver } = audience<T>(log);
  const follow = follower({
    ...options,
    selection: { ...(namespace !== undefined && { namespace }), ...(labelSelector !== undefined && { labelSelector }) },
    store,
    history,
    health,
    deliver: (changes) => {
      for (const { type, object } of changes) if (type === "removed") history.buried(object.metadata.uid);
      deliver(changes);
    },
    listed: (failure) => {
      if (!failure || (options.optional && isUnserved(failure))) firstList.open();
    },
  });
  let running = false;

  return {
    get: (key) => store.get(key),
    list: (inNamespace) => store.list(inNamespace),
    by: (name, value) => store.by(name, value),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async run(signal) {
      assert(!running, "a cache runs once");
      running = true;
      await follow.run(signal).finally(() => (running = false));
    },
    synced: (signal) => firstList.passed(signal),
    get trouble() {
      return health.trouble?.message;
    },
    get unserved() {
      return health.trouble?.unserved ? health.trouble.message : undefined;
    },
    async hasSeen(write, signal) {
      if (history.hasSeen(write)) return;
      const done = new AbortController();
      clock.sleep(staleMs, done.signal).then(follow.doubt, () => undefined); // seen in time
      await history.wait(write, signal).finally(() => done.abort());
    },
    sees: (written, key) =>
      written.group === resource.group &&
      written.plural === resource.plural &&
      (namespace === undefined || key.startsWith(`${namespace}/`)) &&
      // What a selection does not hold it may never show: only objects that are in it are waited for.
      (labelSelector === undefined || store.get(key) !== undefined),
  };
}

/** Those who want to hear of changes; one that throws is our bug, and costs the others nothing. */
function audience<T>(log: Logger) {
  const listeners = new Set<(change: Change<T>) => void>();
  const deliver = (changes: readonly Change<T>[]) => {
    for (const change of changes)
      for (const listener of listeners) {
        try {
          listener(change);
        } catch (error) {
          log.error({ err: error }, "a listener of the cache threw");
        }
      }
  };
  return { listeners, deliver };
}
