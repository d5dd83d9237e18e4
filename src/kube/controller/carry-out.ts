import { isFailure } from "../../lib/failure.ts";
import type { Limiter } from "../../lib/limit.ts";

/** The first action of a step that failed, and what it threw. */
export class ActionError extends Error {
  readonly action: string;

  constructor(action: string, cause: unknown) {
    super(`${action} failed`, { cause });
    this.action = action;
  }
}

interface CarryOutOptions<Action> {
  readonly act: (action: Action) => Promise<void>;
  readonly limiter: Limiter;
  readonly signal: AbortSignal;
}

/**
 * Carries out steps in order, the actions of one step side by side.
 *
 * @throws ActionError after the others of its step have ended; a failure is reported before a lost race, since only a lost
 *   race is tried again at once
 */
export async function carryOut<Action>(
  steps: readonly (readonly Action[])[],
  options: CarryOutOptions<Action>,
): Promise<void> {
  const { act, limiter, signal } = options;
  for (const step of steps) {
    signal.throwIfAborted();
    const errors: ActionError[] = [];
    await Promise.all(
      step.map(async (action) => {
        try {
          await limiter.run(() => act(action), signal);
        } catch (error) {
          errors.push(new ActionError(nameOf(action), error));
        }
      }),
    );
    const worst = errors.find((error) => !isFailure(error.cause, "conflict")) ?? errors[0];
    if (worst) throw worst;
  }
}

/** The `do` of an action. */
function nameOf(action: unknown): string {
  return typeof action === "object" && action !== null && "do" in action ? String(action.do) : "act";
}
