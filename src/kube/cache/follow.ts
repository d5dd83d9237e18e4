import { type BackoffRange, backoffMs } from "../../lib/backoff.ts";
import type { Clock } from "../../lib/clock.ts";
import { Failure, failureOf, isFailure } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { Client, WatchEvent } from "../client/client.ts";
import { forwardAbort } from "../client/deadline.ts";
import { nameOf } from "../client/paths.ts";
import { type KubeObject, keyOf, type Resource } from "../object.ts";
import type { Change } from "./cache.ts";
import type { Health } from "./health.ts";
import { isUnserved, whyUnserved } from "./served.ts";
import type { Store } from "./store.ts";
import { compareVersions, isVersion } from "./version.ts";
import type { Witness } from "./witness.ts";

/** A watch that lasted this long was no part of the trouble before it: backoff starts anew. */
const healthyMs = 60_000;
/** Broken watches resume soon, since the cache stands still until then; one attempt in seconds harms no server. */
const resumeRange: BackoffRange = { startMs: 100, capMs: 3_000 };
/** Lists are dear, and what makes them fail (a missing kind, a missing permission) is mended by people. */
const listRetryStartMs = 500;
const listRetryCapMs = 30_000;
/** Watches end and resume every 5 to 10 minutes, not all of them at once, so that load moves to new servers. */
const watchSeconds = 300;

export interface FollowDeps<T extends KubeObject> {
  readonly client: Client;
  readonly resource: Resource<T>;
  readonly selection: { readonly namespace?: string; readonly labelSelector?: string };
  readonly store: Store<T>;
  readonly history: Witness;
  readonly health: Health;
  readonly deliver: (changes: readonly Change<T>[]) => void;
  /** Called after each list, and after each that was refused. */
  readonly listed: (failure?: Failure) => void;
  readonly unservedRetryMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * What is done next. `list` reads everything; `watch` follows from the version reached. A watch that ends or breaks resumes
 * where it was; one whose version is too old, or that says anything strange, is followed by a list.
 */
type State = "list" | "watch";

interface Outcome {
  readonly next: State;
  /** The wait before it, growing with each outcome that has one; none after success. */
  readonly retry?: BackoffRange;
  readonly failure?: Failure;
}

export interface Follower {
  run(signal: AbortSignal): Promise<void>;
  /** The watch is not to be believed any more: list again. */
  doubt(): void;
}

/** Keeps a store equal to what the server holds, by list and watch, whatever happens on the way. */
export function follower<T extends KubeObject>(deps: FollowDeps<T>): Follower {
  const { clock, random, log } = deps;
  const resource = nameOf(deps.resource);
  let state: State = "list";
  let watching = new AbortController();

  const watchOnce = async (signal: AbortSignal): Promise<Outcome> => {
    watching = new AbortController();
    const unlink = forwardAbort(signal, watching);
    const startedMs = clock.monotonicMs();
    const outcome = await followWatch(deps, watching.signal).finally(unlink);
    return clock.monotonicMs() - startedMs < healthyMs ? { retry: resumeRange, ...outcome } : outcome;
  };

  return {
    async run(signal) {
      for (let failures = 0; !signal.aborted; ) {
        const outcome: Outcome = state === "list" ? await readList(deps, signal) : await watchOnce(signal);
        if (signal.aborted) return;
        if (outcome.failure) log.debug({ resource, state, failure: outcome.failure.message }, "cache: interrupted");
        if (state === "watch" && !outcome.retry) failures = 0;
        state = outcome.next;
        if (!outcome.retry) continue;
        failures++;
        const delayMs = Math.max(backoffMs(outcome.retry, failures, random), outcome.failure?.retryAfterMs ?? 0);
        await clock.sleep(delayMs, signal).catch(() => undefined); // aborted: the loop ends
      }
    },
    doubt() {
      if (state === "list") return;
      log.warn({ resource, version: deps.history.version }, "cache: behind our own writes, listing again");
      watching.abort(new Failure("expired", "the watch is behind our own writes"));
      state = "list";
    },
  };
}

async function readList<T extends KubeObject>(deps: FollowDeps<T>, signal: AbortSignal): Promise<Outcome> {
  deps.history.listBegins();
  try {
    const list = await deps.client.list(deps.resource, { ...deps.selection, signal });
    if (!isVersion(list.resourceVersion)) throw strange(deps.resource, `a list of version "${list.resourceVersion}"`);
    const changes = deps.store.replace(list.items.map(stripped));
    deps.health.well();
    deps.listed();
    deps.deliver(changes);
    deps.history.listEnded(list.resourceVersion);
    return { next: "watch" };
  } catch (error) {
    if (signal.aborted) return { next: "list" };
    return listFailed(deps, failureOf(error), signal);
  }
}

async function listFailed<T extends KubeObject>(
  deps: FollowDeps<T>,
  failure: Failure,
  signal: AbortSignal,
): Promise<Outcome> {
  const unserved = isUnserved(failure);
  if (unserved) deps.health.unserved(await whyUnserved(deps.client, deps.resource, signal));
  else deps.health.ill(failure);
  deps.listed(failure);
  const capMs = unserved ? (deps.unservedRetryMs ?? listRetryCapMs) : listRetryCapMs;
  return { next: "list", retry: { startMs: Math.min(listRetryStartMs, capMs), capMs }, failure };
}

/** Ways for a watch to break that say nothing about the version reached. */
const resumable = ["unavailable", "timeout", "exhausted", "cancelled"] as const;

async function followWatch<T extends KubeObject>(deps: FollowDeps<T>, signal: AbortSignal): Promise<Outcome> {
  const timeoutSeconds = Math.round(watchSeconds * (1 + deps.random.next()));
  const resourceVersion = deps.history.version;
  try {
    const events = deps.client.watch(deps.resource, { ...deps.selection, resourceVersion, timeoutSeconds, signal });
    for await (const event of events) take(deps, event);
    return { next: "watch" };
  } catch (error) {
    const failure = failureOf(error);
    if (isFailure(failure, ...resumable)) return { next: "watch", retry: resumeRange, failure };
    return { next: "list", retry: resumeRange, failure };
  }
}

function take<T extends KubeObject>(deps: FollowDeps<T>, event: WatchEvent<T>): void {
  const { history, store } = deps;
  const { resourceVersion } = event.object.metadata;
  if (!isVersion(resourceVersion) || compareVersions(resourceVersion, history.version) < 0)
    throw strange(deps.resource, `version "${resourceVersion}" after ${history.version}`);
  if (event.type === "DELETED") {
    const key = keyOf(event.object.metadata);
    const { uid } = event.object.metadata;
    if (store.get(key)?.metadata.uid === uid) deps.deliver(store.remove(key));
    history.buried(uid);
  } else if (event.type !== "BOOKMARK") {
    deps.deliver(store.put(stripped(event.object)));
  }
  history.reached(resourceVersion);
}

function strange(resource: Resource, what: string): Failure {
  return new Failure("internal", `cannot follow ${nameOf(resource)}: the server sent ${what}`);
}

/** Without managedFields: they are half of many objects, and nothing here reads them. */
function stripped<T extends KubeObject>(object: T): T {
  if (!object.metadata.managedFields) return object;
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}
