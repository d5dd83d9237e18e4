import { failureOf, isFailure } from "../../lib/failure.ts";
import type { KubeObject } from "../object.ts";
import { ActionError } from "./carry-out.ts";
import type { Failed } from "./controller.ts";
import { act, currentObject, type Decided, hold, type Loop, observe, say, wakeOf } from "./loop.ts";
import { lostRace } from "./memory.ts";
import type { Result } from "./report.ts";

/** How often a failure is shown anew when the object changed while it was being shown. */
const showTries = 3;

/** What follows a plan that failed: a lost race is decided anew, anything else is shown and waits. */
export async function afterFailure<T extends KubeObject, Seen, Action>(
  loop: Loop<T, Seen, Action>,
  decided: Decided<Seen, Action>,
  error: unknown,
): Promise<Omit<Result, "kind" | "actions">> {
  const { memory, plan, key, early } = decided;
  const cause = error instanceof ActionError ? error.cause : error;
  const action = error instanceof ActionError ? error.action : "act";
  const failure = failureOf(cause);
  const result = { reason: plan.reason, action, failure };
  if (!isFailure(cause)) loop.log.error({ name: key, action, err: cause }, "an action threw what is not a failure");
  const raceMs = failure.code === "conflict" ? lostRace(memory, loop.random) : undefined;
  if (raceMs !== undefined) return { ...result, outcome: "conflict", wake: { when: "after", delayMs: raceMs } };
  const delayMs = hold(loop, memory, { failure, facts: decided.facts(), early });
  const retryAt = new Date(loop.clock.now().getTime() + delayMs);
  await show(loop, decided, { failure, action, attempts: memory.failures.count, retryAt });
  return { ...result, outcome: "failed", wake: wakeOf(memory, loop.clock) };
}

/** Carries out what the reconciler wants shown of a failure. What fails here is logged: the next attempt shows it too. */
async function show<T extends KubeObject, Seen, Action>(
  loop: Loop<T, Seen, Action>,
  decided: Decided<Seen, Action>,
  failed: Failed,
): Promise<void> {
  for (let tries = 1; tries <= showTries; tries++) {
    try {
      const isCurrent = tries === 1 && decided.memory.unseen.length === 0;
      const seen = isCurrent ? decided.seen : await observeAgain(loop, decided);
      if (seen === undefined) return;
      const plan = loop.reconciler.onFailure(seen, failed);
      await act(loop, decided.memory, plan);
      return say(loop, decided.memory, plan.events);
    } catch (error) {
      const cause = error instanceof ActionError ? error.cause : error;
      if (loop.signal.aborted) return;
      if (isFailure(cause, "conflict") && tries < showTries) continue;
      return loop.log.warn({ name: decided.key, err: cause }, "a failure could not be shown on its object");
    }
  }
}

/** What is there after the writes of the plan that failed, or nothing if the object is gone. */
async function observeAgain<T extends KubeObject, Seen, Action>(
  loop: Loop<T, Seen, Action>,
  { key, memory }: Decided<Seen, Action>,
): Promise<Seen | undefined> {
  const object = await currentObject(loop, key, memory);
  return object?.metadata.uid === memory.uid ? observe(loop, object) : undefined;
}
