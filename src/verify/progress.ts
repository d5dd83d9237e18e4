import { Failure } from "../lib/failure.ts";
import { parseJson } from "../lib/json.ts";

/** How far the writers of a run have come; one entry a writer. */
export interface Progress {
  /** Numbers of the last records known to be on stable storage. */
  readonly acked: readonly number[];
  /** Numbers of the last records whose write was begun. */
  readonly issued: readonly number[];
}

/**
 * Reads progress as `verify write` prints it.
 *
 * @throws Failure "invalid" that shows what it looks like
 */
export function parseProgress(text: string): Progress {
  const value = parseOrUndefined(text);
  if (typeof value === "object" && value !== null && "acked" in value && "issued" in value) {
    const { acked, issued } = value;
    if (isCounters(acked) && isCounters(issued) && acked.length === issued.length) return { acked, issued };
  }
  throw new Failure(
    "invalid",
    `"${text.slice(0, 200)}" is no progress; it looks like {"acked":[12,9],"issued":[13,9]}`,
  );
}

function parseOrUndefined(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined; // not JSON at all: the caller says what was expected
  }
}

const isCounters = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
