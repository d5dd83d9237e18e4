import type { Clock } from "../../lib/clock.ts";
import type { Failure } from "../../lib/failure.ts";
import type { Limiter } from "../../lib/limit.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { Cache } from "../cache/cache.ts";
import type { Client } from "../client/client.ts";
import { recordWrites } from "../client/recording.ts";
import type { KubeObject } from "../object.ts";
import { carryOut } from "./carry-out.ts";
import type { Reconciler } from "./controller.ts";
import type { EventRecorder } from "./events.ts";
import { fingerprint } from "./fingerprint.ts";
import { bounded, defaultRetry, failed, type Memory, type RetryBounds, type Wake } from "./memory.ts";
import { ownWritesSeen } from "./own-writes.ts";
import type { EventValue, Plan } from "./plan.ts";

export interface LoopDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limiter: Limiter;
  readonly events?: EventRecorder;
  readonly retry?: RetryBounds | undefined;
  readonly signal: AbortSignal;
}

/** A reconciler, what it works with, and what is remembered of each key. */
export interface Loop<T extends KubeObject, Seen, Action> extends LoopDeps {
  readonly reconciler: Reconciler<T, Seen, Action>;
  readonly memories: Map<string, Memory>;
  readonly caches: readonly Pick<Cache<never>, "hasSeen" | "sees">[];
}

/** A decision that was taken, and what it was taken from. */
export interface Decided<Seen, Action> {
  readonly key: string;
  readonly kind: string;
  readonly memory: Memory;
  readonly seen: Seen;
  /** The fingerprint of the facts, computed when first asked for. */
  readonly facts: () => string;
  readonly plan: Plan<Action>;
  /** Before the key was due, since its facts had changed. */
  readonly early: boolean;
}

export function loopOf<T extends KubeObject, Seen, Action>(
  reconciler: Reconciler<T, Seen, Action>,
  deps: LoopDeps,
): Loop<T, Seen, Action> {
  const caches = [reconciler.kind, ...reconciler.watches.map((each) => each.cache)];
  return { ...deps, reconciler, memories: new Map(), caches };
}

/**
 * The object, once the caches have seen what we last did about it.
 *
 * @param looking called in the same breath as the cache is read: a change that comes after it is not in what is returned
 */
export async function currentObject<T extends KubeObject, Seen, Action>(
  loop: Loop<T, Seen, Action>,
  key: string,
  memory: Memory | undefined,
  looking: () => void = () => undefined,
): Promise<T | undefined> {
  if (memory) await ownWritesSeen(memory.unseen, loop);
  if (memory) memory.unseen = [];
  looking();
  return loop.reconciler.kind.get(key);
}

export async function observe<T extends KubeObject, Seen, Action>(
  loop: Loop<T, Seen, Action>,
  object: T,
): Promise<Seen> {
  const { clock, client, signal } = loop;
  return loop.reconciler.observe(object, { now: clock.now(), client, signal });
}

/** Carries out a plan, and remembers its writes even where it fails. @throws ActionError */
export async function act<T extends KubeObject, Seen, Action>(
  loop: Loop<T, Seen, Action>,
  memory: Memory,
  plan: Plan<Action>,
): Promise<void> {
  const { signal, log, limiter, reconciler } = loop;
  const recording = recordWrites(loop.client);
  const context = { client: recording.client, signal, log };
  try {
    await carryOut(plan.steps, { act: (action) => reconciler.act(action, context), limiter, signal });
  } finally {
    memory.unseen = [...memory.unseen, ...recording.take()];
  }
}

/** Makes a key wait after a failure. @returns for how long */
export function hold<T extends KubeObject, Seen, Action>(
  loop: Loop<T, Seen, Action>,
  memory: Memory,
  attempt: { readonly failure: Failure; readonly facts: string | undefined; readonly early: boolean },
): number {
  const { failure, facts, early } = attempt;
  const range = bounded(loop.reconciler.retryOf?.(failure) ?? defaultRetry, loop.retry);
  const moment = { nowMs: loop.clock.monotonicMs(), random: loop.random, early };
  return failed(memory, { ...moment, facts, range, floorMs: failure.retryAfterMs ?? 0 });
}

/** When a key that is held is due. */
export function wakeOf(memory: Memory, clock: Clock): Wake {
  if (!memory.hold) return { when: "never" };
  return { when: "after", delayMs: Math.max(0, memory.hold.untilMs - clock.monotonicMs()) };
}

/** Messages that differ each time would fill the memory: beyond this many the oldest may be said again. */
const saidLimit = 50;

/** Says what has not been said since the last change of mind. */
export function say(loop: Pick<LoopDeps, "events">, memory: Memory, events: readonly EventValue[] = []): void {
  for (const event of events) {
    const id = fingerprint([event.type, event.reason, event.message, event.regarding.metadata.uid]);
    if (!memory.said.events.has(id)) loop.events?.say(event);
    memory.said.events.add(id);
    const [oldest] = memory.said.events;
    if (memory.said.events.size > saidLimit && oldest !== undefined) memory.said.events.delete(oldest);
  }
}
