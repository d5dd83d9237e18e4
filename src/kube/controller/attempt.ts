import { failureOf, isFailure } from "../../lib/failure.ts";
import type { KubeObject } from "../object.ts";
import { afterFailure } from "./failing.ts";
import { fingerprint } from "./fingerprint.ts";
import { act, currentObject, type Decided, hold, type Loop, observe, say, wakeOf } from "./loop.ts";
import {
  defaultRetry,
  freshMemory,
  isHeld,
  isSpinning,
  type Memory,
  succeeded,
  tryEarly,
  type Wake,
} from "./memory.ts";
import type { Result } from "./report.ts";

/**
 * One attempt at a key: observe, decide, act, and remember what the next attempt has to know. Never throws.
 *
 * @param looking called once the caches are current, right before they are read
 */
export async function attempt<T extends KubeObject, Seen, Action>(
  loop: Loop<T, Seen, Action>,
  key: string,
  looking: () => void,
): Promise<Result> {
  try {
    const decided = await consider(loop, key, looking);
    return "outcome" in decided ? decided : await perform(loop, decided);
  } catch (error) {
    return undecided(loop, key, error);
  }
}

/** Observes and decides, unless the key waits for its time and nothing that matters has changed. */
async function consider<T extends KubeObject, Seen, Action>(
  loop: Loop<T, Seen, Action>,
  key: string,
  looking: () => void,
): Promise<Decided<Seen, Action> | Result> {
  const { memories, reconciler, clock } = loop;
  const before = memories.get(key);
  const object = await currentObject(loop, key, before, looking);
  if (!object) {
    memories.delete(key);
    return { outcome: "gone", reason: "", wake: { when: "never" } };
  }
  const { uid } = object.metadata;
  const memory = before?.uid === uid ? before : freshMemory(uid);
  memories.set(key, memory);
  const held = isHeld(memory, clock.monotonicMs());
  const waits: Result = { outcome: "held", reason: "", kind: object.kind, wake: wakeOf(memory, clock) };
  if (held && memory.hold?.facts === undefined) return waits;
  const seen = await observe(loop, object);
  const facts = once(() => fingerprint(reconciler.factsOf(seen)));
  if (held && !tryEarly(memory, facts)) return waits;
  return { key, kind: object.kind, memory, seen, facts, plan: reconciler.decide(seen), early: held };
}

async function perform<T extends KubeObject, Seen, Action>(
  loop: Loop<T, Seen, Action>,
  decided: Decided<Seen, Action>,
): Promise<Result> {
  const { memory, plan, facts, early, kind } = decided;
  const { signal, clock, random, log } = loop;
  const actions = plan.steps.reduce((sum, step) => sum + step.length, 0);
  try {
    await act(loop, memory, plan);
  } catch (error) {
    if (signal.aborted) return { outcome: "stopped", reason: plan.reason, kind, wake: { when: "never" } };
    return { ...(await afterFailure(loop, decided, error)), kind, actions };
  }
  changeMind(memory, plan.reason);
  say(loop, memory, plan.events);
  const moment = { nowMs: clock.monotonicMs(), random, early };
  const wake = succeeded(memory, { ...moment, next: plan.next, isIdle: actions === 0, factsOf: facts });
  if (isSpinning(memory))
    log.error({ name: decided.key, plan: plan.reason }, "plans follow each other at once: slowing down");
  return { outcome: actions === 0 ? "idle" : "done", reason: plan.reason, kind, actions, wake };
}

/** Nothing could be decided: the world failed while we looked, or our own code is wrong. Neither ends the controller. */
function undecided<T extends KubeObject, Seen, Action>(
  loop: Loop<T, Seen, Action>,
  key: string,
  error: unknown,
): Result {
  if (loop.signal.aborted) return { outcome: "stopped", reason: "", wake: { when: "never" } };
  const failure = failureOf(error);
  if (!isFailure(error)) loop.log.error({ name: key, err: error }, "the reconciler threw: this is a bug");
  const memory = loop.memories.get(key);
  if (memory) hold(loop, memory, { failure, facts: undefined, early: false });
  const wake: Wake = memory ? wakeOf(memory, loop.clock) : { when: "after", delayMs: defaultRetry.startMs };
  return { outcome: isFailure(error) ? "failed" : "bug", reason: "", failure, wake };
}

/** A plan of another reason that succeeded is a change of mind: what it says may have been said before. */
function changeMind(memory: Memory, reason: string): void {
  if (memory.said.reason !== reason) memory.said = { reason, events: new Set() };
}

function once<V>(compute: () => V): () => V {
  let value: { readonly of: V } | undefined;
  return () => {
    value ??= { of: compute() };
    return value.of;
  };
}
