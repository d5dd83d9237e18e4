import type { KubeObject } from "../object.ts";

/**
 * What a decision wants done, as plain data: steps in order, the actions of one step side by side. The first action that
 * fails ends the plan, and the key is decided anew.
 */
export interface Plan<Action> {
  /** CamelCase: the reason in the log line and the metric label. */
  readonly reason: string;
  readonly steps: readonly (readonly Action[])[];
  readonly next: Next;
  /** Said once the steps are done; the runtime says the same thing about the same object once. */
  readonly events?: readonly EventValue[];
}

/**
 * When to look again. `again`: at once, what was learnt in memory changes the decision. `poll`: with growing delays
 * (1 s doubling to `capMs`) that start anew when the facts change.
 */
export type Next =
  | { readonly when: "onChange" }
  | { readonly when: "again" }
  | { readonly when: "later"; readonly delayMs: number }
  | { readonly when: "poll"; readonly capMs: number };

export const onChange: Next = { when: "onChange" };
export const again: Next = { when: "again" };

export interface EventValue {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly regarding: KubeObject;
  /** From 0 to 8: which comes first of those about one object that are said within a second. Without it, last. */
  readonly stage?: number;
}

/** A plan that does nothing and waits for a change. */
export function nothing(reason: string): Plan<never> {
  return { reason, steps: [], next: onChange };
}
