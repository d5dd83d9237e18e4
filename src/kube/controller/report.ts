import type { Failure } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import type { Wake } from "./memory.ts";
import type { Outcome } from "./metrics.ts";

/** How one attempt at one key ended. */
export interface Result {
  readonly outcome: Outcome;
  /** Of the plan; empty where there was none. */
  readonly reason: string;
  readonly kind?: string;
  readonly actions?: number;
  /** The action that failed. */
  readonly action?: string;
  readonly failure?: Failure;
  readonly wake: Wake;
}

const levels = {
  done: "info",
  idle: "debug",
  held: "debug",
  gone: "debug",
  stopped: "debug",
  conflict: "info",
  failed: "warn",
  bug: "error",
} as const satisfies Record<Outcome, keyof Logger>;

/** The one line about a reconcile. */
export function report(log: Logger, key: string, result: Result, ms: number): void {
  const { outcome, reason, kind, actions, action, failure, wake } = result;
  const fields = {
    kind,
    name: key,
    plan: reason || undefined,
    outcome,
    ms: Math.round(ms * 10) / 10,
    actions,
    action,
    code: failure?.code,
    error: failure?.message,
    againMs: wake.when === "after" ? Math.round(wake.delayMs) : undefined,
  };
  log[levels[outcome]](fields, "reconciled");
}
