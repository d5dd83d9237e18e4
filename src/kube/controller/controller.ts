import type { BackoffRange } from "../../lib/backoff.ts";
import type { Failure } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import type { Cache } from "../cache/cache.ts";
import type { Client } from "../client/client.ts";
import type { KubeObject } from "../object.ts";
import type { Plan } from "./plan.ts";

/**
 * One kind's reconciler: observe, decide, act (docs/architecture.md). The runtime owns everything else: the queue (one
 * worker a key), retries, backoff, the log line, events and metrics.
 */
export interface Reconciler<T extends KubeObject, Seen, Action> {
  /** Queue name, metric label, log field: "snapshot-controller-group-snapshot". */
  readonly name: string;
  /** The objects that are reconciled; each of their changes wakes their own key. */
  readonly kind: Cache<T>;
  /** Other kinds, mapped to the keys they concern. */
  readonly watches: readonly Watch[];
  /** Reads every fact the decision may use, the time included. The only part that reads. */
  observe(object: T, context: ObserveContext): Seen | Promise<Seen>;
  /** Pure, total, synchronous. */
  decide(seen: Seen): Plan<Action>;
  /** Performs one action. Idempotent; names are computed from uids. Writes go through `context.client`. */
  act(action: Action, context: ActContext): Promise<void>;
  /** Pure: how a failed attempt is shown on the object. Its steps are carried out at once; its `next` is ignored. */
  onFailure(seen: Seen, failure: Failed): Plan<Action>;
  /**
   * What the decision depends on, without time and without our own bookkeeping (statuses, marks and finalizers we write).
   * While it stays the same after a failure or a poll, events wait for the backoff; when it changes, the next try is at once.
   */
  factsOf(seen: Seen): unknown;
  /** How long to wait after a failure; by its code. */
  retryOf?(failure: Failure): BackoffRange;
  /** Called when an object of `kind` has left the cache: forget what was remembered about it. */
  gone?(object: T): void;
}

/** A kind that concerns the reconciled one: which keys does this object wake? */
export interface Watch {
  readonly cache: Cache<KubeObject>;
  readonly keysOf: (object: KubeObject) => readonly string[];
  /** What of the object matters: an update that leaves it as it was wakes nobody. All of it, if absent. */
  readonly factOf?: (object: KubeObject) => unknown;
}

/** Ties a cache to a mapping, with the object's type kept. */
export function watch<T extends KubeObject>(
  cache: Cache<T>,
  keysOf: (object: T) => readonly string[],
  factOf?: (object: T) => unknown,
): Watch {
  const tied = { cache: cache as unknown as Cache<KubeObject>, keysOf: (object: KubeObject) => keysOf(object as T) }; // the cache yields T only
  return factOf === undefined ? tied : { ...tied, factOf: (object) => factOf(object as T) };
}

export interface ObserveContext {
  readonly now: Date;
  /** Reads live, past the caches, where a fact must be current. */
  readonly client: Client;
  readonly signal: AbortSignal;
}

export interface ActContext {
  /** Remembers each write, so that the key is not observed again before the caches have seen it. */
  readonly client: Client;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** An attempt that failed, for `onFailure`. */
export interface Failed {
  readonly failure: Failure;
  /** The `do` of the action that failed. */
  readonly action: string;
  /** Failed attempts in a row, this one included. */
  readonly attempts: number;
  readonly retryAt: Date;
}
