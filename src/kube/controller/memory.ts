import type { BackoffRange } from "../../lib/backoff.ts";
import type { Random } from "../../lib/random.ts";
import type { RecordedWrite } from "../client/recording.ts";
import type { Next } from "./plan.ts";

/** How long a key waits after a failure whose reconciler has no wish of its own. */
export const defaultRetry: BackoffRange = { startMs: 1_000, capMs: 300_000 };

/** What a user wants of the waits after failures. */
export interface RetryBounds {
  /** The first wait. */
  readonly startMs?: number | undefined;
  /** The longest wait. */
  readonly maxMs?: number | undefined;
}

/** A reconciler's range within the user's bounds. What it wants to see again sooner than by default stays so. */
export function bounded(range: BackoffRange, { startMs = range.startMs, maxMs = range.capMs }: RetryBounds = {}) {
  const capMs = range.capMs < defaultRetry.capMs ? Math.min(maxMs, range.capMs) : maxMs;
  return { startMs: Math.min(startMs, capMs), capMs };
}

/** Facts that changed are tried at once this often, before the wait holds again: a fact that flickers is no excuse. */
const earlyTries = 5;
/** A plan may want to be followed at once this often; more is a plan that does not get anywhere. */
const againLimit = 20;
/** A plan that is to be followed sooner than this is one that is to be followed at once. */
const soonMs = 50;
/** Writes that lost a race are decided anew this often before it counts as failure: at the next event, or soon. */
const conflictLimit = 5;
const conflictRange: BackoffRange = { startMs: 10, capMs: 200 };
/** Failures further apart than this have nothing to do with each other: twice the longest wait. */
const forgottenMs = 600_000;

/** What the loop remembers about one key between two attempts. */
export interface Memory {
  /** Of the object that the rest is about: one of the same name made later starts afresh. */
  uid: string;
  /** Our own writes that the caches may not have seen yet. */
  unseen: readonly RecordedWrite[];
  /** Until then, events that change none of these facts wait. */
  hold: Hold | undefined;
  /** Tries made before they were due, since the last one that was. */
  early: number;
  /** Failures in a row, and how far backoff has grown: tries made early do not make it grow. */
  failures: { count: number; level: number; facts: string | undefined; lastMs: number };
  polls: { level: number; facts: string | undefined };
  conflicts: number;
  agains: number;
  /** Events said since the last change of mind, and the reason of the plan that said them. */
  said: { reason: string; events: Set<string> };
}

interface Hold {
  readonly untilMs: number;
  /** Undefined when nothing could be observed: then every event waits. */
  readonly facts: string | undefined;
}

/** When a key is looked at again, beside any change: at once, after a while, or not by itself. */
export type Wake =
  | { readonly when: "now" }
  | { readonly when: "never" }
  | { readonly when: "after"; readonly delayMs: number };

export function freshMemory(uid: string): Memory {
  return {
    uid,
    unseen: [],
    hold: undefined,
    early: 0,
    failures: { count: 0, level: 0, facts: undefined, lastMs: 0 },
    polls: { level: 0, facts: undefined },
    conflicts: 0,
    agains: 0,
    said: { reason: "", events: new Set() },
  };
}

/** True while the key waits for its time. */
export function isHeld(memory: Memory, nowMs: number): boolean {
  if (!memory.hold) return false;
  if (nowMs < memory.hold.untilMs) return true;
  memory.early = 0;
  return false;
}

/** Whether facts that were observed during a hold are reason enough to try before it is due; counts as a try if so. */
export function tryEarly(memory: Memory, facts: () => string): boolean {
  const held = memory.hold?.facts;
  if (held === undefined || memory.early >= earlyTries || facts() === held) return false;
  memory.early++;
  return true;
}

interface Moment {
  readonly nowMs: number;
  readonly random: Random;
  /** The attempt was made before its hold was due, since facts had changed. */
  readonly early: boolean;
}

/** Remembers a failed attempt. @returns how long the key is held */
export function failed(
  memory: Memory,
  attempt: Moment & { readonly facts: string | undefined; readonly range: BackoffRange; readonly floorMs: number },
): number {
  const { failures } = memory;
  const isOld = attempt.nowMs - failures.lastMs > forgottenMs;
  const level = isOld ? 1 : attempt.early ? Math.max(1, failures.level) : failures.level + 1;
  memory.failures = { count: isOld ? 1 : failures.count + 1, level, facts: attempt.facts, lastMs: attempt.nowMs };
  const delayMs = Math.max(attempt.floorMs, waitMs(attempt.range, level, attempt.random));
  memory.hold = { untilMs: attempt.nowMs + delayMs, facts: attempt.facts };
  return delayMs;
}

/** Remembers a write that lost a race. @returns the wait before the next try, or undefined if it counts as failure */
export function lostRace(memory: Memory, random: Random): number | undefined {
  memory.conflicts++;
  if (memory.conflicts > conflictLimit) return undefined;
  return waitMs(conflictRange, memory.conflicts, random);
}

/**
 * Remembers an attempt that succeeded.
 *
 * A plan that did something is not yet the end of the trouble before it: writing a mark succeeds each time before the call
 * that fails. Backoff starts anew only when the facts changed, or nothing is left to do.
 */
export function succeeded(
  memory: Memory,
  attempt: Moment & { readonly next: Next; readonly isIdle: boolean; readonly factsOf: () => string },
): Wake {
  const { next, isIdle } = attempt;
  memory.conflicts = 0;
  memory.hold = undefined;
  if (memory.failures.level > 0 && (isIdle || memory.failures.facts !== attempt.factsOf()))
    memory.failures = { count: 0, level: 0, facts: undefined, lastMs: 0 };
  if (next.when === "again" || (next.when === "later" && !(next.delayMs >= soonMs))) return wakeAgain(memory, attempt);
  memory.agains = 0;
  if (next.when === "later") return { when: "after", delayMs: next.delayMs };
  if (next.when === "onChange") {
    if (isIdle) forgetTrouble(memory);
    return { when: "never" };
  }
  const facts = attempt.factsOf();
  memory.polls = { level: memory.polls.facts === facts ? memory.polls.level + 1 : 1, facts };
  const delayMs = waitMs({ startMs: 1_000, capMs: next.capMs }, memory.polls.level, attempt.random);
  memory.hold = { untilMs: attempt.nowMs + delayMs, facts };
  return { when: "after", delayMs };
}

/**
 * The wait after `level` failures: doubling up to the cap, as a floor, so that calls are no more than the range says; up to
 * a quarter more by chance, so that what failed together does not come back together.
 */
function waitMs(range: BackoffRange, level: number, random: Random): number {
  return Math.min(range.capMs, range.startMs * 2 ** Math.min(level - 1, 30)) * (1 + random.next() / 4);
}

/** True when so many plans in a row wanted to be followed at once that the next has to wait. */
export function isSpinning(memory: Memory): boolean {
  return memory.agains > againLimit;
}

function wakeAgain(memory: Memory, attempt: Moment & { readonly factsOf: () => string }): Wake {
  memory.agains++;
  if (!isSpinning(memory)) return { when: "now" };
  const delayMs = waitMs(defaultRetry, memory.agains - againLimit, attempt.random);
  memory.hold = { untilMs: attempt.nowMs + delayMs, facts: attempt.factsOf() };
  return { when: "after", delayMs };
}

function forgetTrouble(memory: Memory): void {
  memory.polls = { level: 0, facts: undefined };
  memory.early = 0;
}
