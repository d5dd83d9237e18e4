/**
 * What kind of trouble it was. Each boundary maps the codes once: gRPC in `csi/status.ts`, HTTP in
 * `apiserver/status.ts` and, in reverse, in the Kubernetes client.
 */
export type Code =
  | "invalid" // the request can never work as it stands
  | "unauthenticated"
  | "forbidden"
  | "notFound"
  | "exists" // the name is taken by something else
  | "conflict" // the object changed since it was read
  | "precondition" // well-formed, but the state of the system forbids it
  | "outOfRange"
  | "tooLarge" // a limit of ours on the input was exceeded
  | "unimplemented"
  | "busy" // the same operation is under way; ask again
  | "exhausted" // out of space or quota
  | "timeout"
  | "cancelled"
  | "expired" // the version asked for is no longer held
  | "unavailable"
  | "internal"
  | "unknown";

export interface FailureOptions extends ErrorOptions {
  /** How long the other side asked us to wait before the next try. */
  readonly retryAfterMs?: number;
  /** Machine-readable details of the boundary the failure came from (a Kubernetes Status, gRPC details). */
  readonly details?: unknown;
}

/** The world failed: thrown with a code, a message that says what was tried, on what, and what to do. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: Code;
  readonly retryAfterMs: number | undefined;
  readonly details: unknown;

  constructor(code: Code, message: string, options: FailureOptions = {}) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }
}

/** True when `error` is a Failure, of one of `codes` if any are given. */
export function isFailure(error: unknown, ...codes: readonly Code[]): error is Failure {
  return error instanceof Failure && (codes.length === 0 || codes.includes(error.code));
}

/** The Failure that `error` is, or an "internal" one that wraps it (an abort becomes "cancelled"). */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Error && error.name === "AbortError")
    return new Failure("cancelled", error.message, { cause: error });
  if (error instanceof Error && error.name === "TimeoutError")
    return new Failure("timeout", error.message, { cause: error });
  return new Failure("internal", error instanceof Error ? error.message : String(error), { cause: error });
}
