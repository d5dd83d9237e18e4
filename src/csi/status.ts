import type { BackoffRange } from "../lib/backoff.ts";
import type { Code, Failure } from "../lib/failure.ts";

/**
 * The one table between our codes and gRPC's. Where several codes share a number, the first is what the number is read as.
 */
const statusByCode = {
  cancelled: 1,
  unknown: 2,
  invalid: 3,
  tooLarge: 3,
  timeout: 4,
  notFound: 5,
  exists: 6,
  forbidden: 7,
  exhausted: 8,
  precondition: 9,
  busy: 10,
  conflict: 10,
  expired: 10, // what CSI asks for when a starting_token is no longer known
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const satisfies Record<Code, number>;

const dataLoss = 15;

const codeByStatus: ReadonlyMap<number, Code> = new Map<number, Code>([
  [dataLoss, "internal"],
  ...Object.entries(statusByCode)
    .map(([code, status]): [number, Code] => [status, code as Code]) // the keys of the table are codes
    .reverse(), // the first of several codes has the last word
]);

/** The gRPC status number that carries this code. */
export function grpcStatusOf(code: Code): number {
  return statusByCode[code];
}

/** The code that a gRPC status number is read as; numbers gRPC does not define are "unknown". */
export function codeOfGrpcStatus(status: number): Code {
  return codeByStatus.get(status) ?? "unknown";
}

/** Trouble that may pass by itself: shown, and tried again soon. */
const transient: BackoffRange = { startMs: 1_000, capMs: 60_000 };
/** A refusal stands until somebody changes something, which wakes the object anyway. */
const refused: BackoffRange = { startMs: 1_000, capMs: 300_000 };

const refusals: ReadonlySet<Code> = new Set<Code>([
  "invalid",
  "tooLarge",
  "notFound",
  "exists",
  "forbidden",
  "unauthenticated",
  "precondition",
  "outOfRange",
  "unimplemented",
]);

/** How long to wait before a failed call is tried again. */
export function retryOf(failure: Failure): BackoffRange {
  return refusals.has(failure.code) ? refused : transient;
}

/**
 * True when the call may have done, or still be doing, its work, so that the mark "a create may be in flight" must stay
 * on. INTERNAL and UNKNOWN are among them: a driver that died in the call may have cut before.
 */
export function mayHaveHappened(failure: Failure): boolean {
  return !refusals.has(failure.code);
}
