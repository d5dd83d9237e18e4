import { grpcStatusOf } from "../csi/status.ts";
import { type Code, failureOf, isFailure } from "../lib/failure.ts";

/** gRPC's names for the refusals that checks expect. */
const names: ReadonlyMap<number, string> = new Map([
  [3, "INVALID_ARGUMENT"],
  [5, "NOT_FOUND"],
  [6, "ALREADY_EXISTS"],
  [9, "FAILED_PRECONDITION"],
]);
const nameOf = (code: Code) => names.get(grpcStatusOf(code)) ?? code;

/** What is wrong with how a driver refuses a call: that it does not, or with which code. */
export async function objectionsToRefusal(
  { signal }: { readonly signal: AbortSignal },
  { what, codes, call, onTaken }: Refusal,
): Promise<readonly string[]> {
  const wanted = codes.map(nameOf).join(" or ");
  try {
    await call();
    if (onTaken) onTaken();
    return onTaken ? [] : [`${what} was answered with OK, not with ${wanted}`];
  } catch (error) {
    if (signal.aborted) throw error;
    return isFailure(error, ...codes) ? [] : [`${what} was not refused with ${wanted}: ${failureOf(error).message}`];
  }
}

export interface Refusal {
  /** Of the call: "a group of no volumes". */
  readonly what: string;
  /** Any of them will do. */
  readonly codes: readonly Code[];
  readonly call: () => Promise<unknown>;
  /** Where it is left open whether a driver refuses at all: told that this one does not. */
  readonly onTaken?: () => void;
}
