import type { Clock } from "../../lib/clock.ts";
import { type Failure, failureOf, isFailure } from "../../lib/failure.ts";
import type { Limiter } from "../../lib/limit.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { Client } from "../client/client.ts";
import { recordWrites } from "../client/recording.ts";
import type { KubeObject } from "../object.ts";
import { ActionError, carryOut } from "./carry-out.ts";
import type { Failed, Reconciler } from "./controller.ts";
import type { EventRecorder } from "./events.ts";
import { fingerprint } from "./fingerprint.ts";
import {
  defaultRetry,
  failed,
  freshMemory,
  isHeld,
  isSpinning,
  lostRace,
  type Memory,
  succeeded,
  tryEarly,
  type Wake,
} from "./memory.ts";
import { ownWritesSeen } from "./own-writes.ts";
import type { EventValue, Plan } from "./plan.ts";
import type { Result } from "./report.ts";

export interface AttemptDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limiter: Limiter;
  readonly events?: EventRecorder;
  readonly signal: AbortSignal;
}

/** A decision that was taken, and what it was taken from. */
interface Decided<Seen, Action> {
  readonly key: string;
  readonly kind: string;
  readonly memory: Memory;
  readonly seen: Seen;
  /** The fingerprint of the facts, computed when first asked for. */
  readonly facts: () => string;
  readonly plan: Plan<Action>;
  readonly early: boolean;
}

/** One attempt at a key. `looking` is called once the caches are current, right before they are read. */
export type Attempt = (key: string, looking: () => void) => Promise<Result>;

/** How often a failure is shown anew when the object changed while it was being shown. */
const reportTries = 3;

/** Makes attempts at keys: observe, decide, act, and remember what the next attempt has to know. Never throws. */
export function attempts<T extends KubeObject, Seen, Action>(
  reconciler: Reconciler<T, Seen, Action>,
  deps: AttemptDeps,
): Attempt {
  const { clock, random, signal, log } = deps;
  const memories = new Map<string, Memory>();
  const caches = [reconciler.kind, ...reconciler.watches.map((each) => each.cache)];

  return async (key, looking) => {
    try {
      const decided = await consider(key, looking);
      return "outcome" in decided ? decided : await perform(decided);
    } catch (error) {
      return undecided(key, error);
    }
  };

  async function consider(key: string, looking: () => void): Promise<Decided<Seen, Action> | Result> {
    const before = memories.get(key);
    const object = await current(key, before);
    looking();
    if (!object) {
      memories.delete(key);
      return { outcome: "gone", reason: "", wake: { when: "never" } };
    }
    const { uid } = object.metadata;
    const memory = before?.uid === uid ? before : freshMemory(uid);
    memories.set(key, memory);
    const held = isHeld(memory, clock.monotonicMs());
    const waits: Result = { outcome: "held", reason: "", kind: object.kind, wake: wakeOf(memory) };
    if (held && memory.hold?.facts === undefined) return waits;
    const seen = await observe(object);
    const facts = once(() => fingerprint(reconciler.factsOf(seen)));
    if (held && !tryEarly(memory, facts)) return waits;
    return { key, kind: object.kind, memory, seen, facts, plan: reconciler.decide(seen), early: held };
  }

  /** The object, once the caches have seen what we last did about it. */
  async function current(key: string, memory: Memory | undefined): Promise<T | undefined> {
    if (memory) await ownWritesSeen(memory.unseen, { caches, clock, signal });
    if (memory) memory.unseen = [];
    return reconciler.kind.get(key);
  }

  async function observe(object: T): Promise<Seen> {
    return reconciler.observe(object, { now: clock.now(), client: deps.client, signal });
  }

  async function perform(decided: Decided<Seen, Action>): Promise<Result> {
    const { memory, plan, facts, early, kind } = decided;
    const actions = plan.steps.reduce((sum, step) => sum + step.length, 0);
    try {
      await act(memory, plan);
    } catch (error) {
      if (signal.aborted) return { outcome: "stopped", reason: plan.reason, kind, wake: { when: "never" } };
      return { ...(await fail(decided, error)), kind, actions };
    }
    remindSaid(memory, plan.reason);
    say(memory, plan.events);
    const moment = { nowMs: clock.monotonicMs(), random, early };
    const wake = succeeded(memory, { ...moment, next: plan.next, isIdle: actions === 0, factsOf: facts });
    if (isSpinning(memory))
      log.error(
        { name: decided.key, plan: plan.reason },
        "plans want to be followed at once, again and again: slowing down",
      );
    return { outcome: actions === 0 ? "idle" : "done", reason: plan.reason, kind, actions, wake };
  }

  async function act(memory: Memory, plan: Plan<Action>): Promise<void> {
    const recording = recordWrites(deps.client);
    const context = { client: recording.client, signal, log };
    try {
      await carryOut(plan.steps, { act: (action) => reconciler.act(action, context), limiter: deps.limiter, signal });
    } finally {
      memory.unseen = [...memory.unseen, ...recording.take()];
    }
  }

  async function fail(decided: Decided<Seen, Action>, error: unknown): Promise<Result> {
    const { memory, plan, key } = decided;
    const cause = error instanceof ActionError ? error.cause : error;
    const action = error instanceof ActionError ? error.action : "act";
    const failure = failureOf(cause);
    const outcome = { reason: plan.reason, action, failure };
    if (!isFailure(cause)) log.error({ name: key, action, err: cause }, "an action threw what is not a failure");
    if (failure.code === "conflict") {
      const delayMs = lostRace(memory, random);
      if (delayMs !== undefined)
        return { ...outcome, outcome: "conflict", wake: delayMs === 0 ? { when: "now" } : { when: "after", delayMs } };
    }
    const delayMs = hold(memory, failure, { facts: decided.facts(), early: decided.early });
    const retryAt = new Date(clock.now().getTime() + delayMs);
    await show(decided, { failure, action, attempts: memory.failures.count, retryAt });
    return { ...outcome, outcome: "failed", wake: wakeOf(memory) };
  }

  /** Carries out what the reconciler wants shown of a failure. What fails here is logged: the next attempt shows it too. */
  async function show(decided: Decided<Seen, Action>, failure: Failed): Promise<void> {
    const { memory, key } = decided;
    for (let tries = 1; tries <= reportTries; tries++) {
      try {
        const seen = tries === 1 && memory.unseen.length === 0 ? decided.seen : await observeAgain(decided);
        if (seen === undefined) return;
        const plan = reconciler.onFailure(seen, failure);
        await act(memory, plan);
        return say(memory, plan.events);
      } catch (error) {
        const cause = error instanceof ActionError ? error.cause : error;
        if (signal.aborted) return;
        if (isFailure(cause, "conflict") && tries < reportTries) continue;
        return log.warn({ name: key, err: cause }, "a failure could not be shown on its object");
      }
    }
  }

  async function observeAgain(decided: Decided<Seen, Action>): Promise<Seen | undefined> {
    const object = await current(decided.key, decided.memory);
    return object?.metadata.uid === decided.memory.uid ? observe(object) : undefined;
  }

  /** Nothing could be decided: the world failed while we looked, or our own code is wrong. Neither ends the controller. */
  function undecided(key: string, error: unknown): Result {
    if (signal.aborted) return { outcome: "stopped", reason: "", wake: { when: "never" } };
    const failure = failureOf(error);
    if (!isFailure(error)) log.error({ name: key, err: error }, "the reconciler threw: this is a bug");
    const memory = memories.get(key);
    if (memory) hold(memory, failure, { facts: undefined, early: false });
    const wake: Wake = memory ? wakeOf(memory) : { when: "after", delayMs: defaultRetry.startMs };
    return { outcome: isFailure(error) ? "failed" : "bug", reason: "", failure, wake };
  }

  function hold(
    memory: Memory,
    failure: Failure,
    attempt: { readonly facts: string | undefined; readonly early: boolean },
  ): number {
    const range = reconciler.retryOf?.(failure) ?? defaultRetry;
    const moment = { nowMs: clock.monotonicMs(), random, range, floorMs: failure.retryAfterMs ?? 0 };
    return failed(memory, { ...attempt, ...moment });
  }

  function wakeOf(memory: Memory): Wake {
    return memory.hold
      ? { when: "after", delayMs: Math.max(0, memory.hold.untilMs - clock.monotonicMs()) }
      : { when: "never" };
  }

  /** Says what has not been said since the last change of mind. */
  function say(memory: Memory, events: readonly EventValue[] = []): void {
    for (const event of events) {
      const id = fingerprint([event.type, event.reason, event.message, event.regarding.metadata.uid]);
      if (!memory.said.events.has(id)) deps.events?.say(event);
      memory.said.events.add(id);
    }
  }
}

/** A plan of another reason that succeeded is a change of mind: what it says may have been said before. */
function remindSaid(memory: Memory, reason: string): void {
  if (memory.said.reason !== reason) memory.said = { reason, events: new Set() };
}

function once<V>(compute: () => V): () => V {
  let value: { readonly of: V } | undefined;
  return () => {
    value ??= { of: compute() };
    return value.of;
  };
}
