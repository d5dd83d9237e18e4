import { Failure } from "../../../lib/failure.ts";

/** Durations of an election. */
export interface ElectionTiming {
  /** A lease that was not renewed for this long may be taken; other candidates read whole seconds of it. */
  readonly leaseDurationMs: number;
  /** A leader that could not renew its lease for this long ends. */
  readonly renewDeadlineMs: number;
  /** Between two renewals, and between two looks at another's lease. */
  readonly retryPeriodMs: number;
}

/** How much of the retry period a wait may be longer by chance, as in client-go: candidates are not to come all at once. */
export const jitter = 1.2;

/** Checks that the durations leave room for each other. @throws Failure "invalid" that names the flag to change */
export function checkTiming({ leaseDurationMs, renewDeadlineMs, retryPeriodMs }: ElectionTiming): void {
  const writtenMs = Math.floor(leaseDurationMs / 1000) * 1000;
  if (writtenMs <= renewDeadlineMs)
    throw new Failure(
      "invalid",
      `a lease of ${writtenMs} ms (whole seconds count) is too short for a renew deadline of ${renewDeadlineMs} ms: ` +
        "give a longer --leader-election-lease-duration",
    );
  if (renewDeadlineMs <= jitter * retryPeriodMs)
    throw new Failure(
      "invalid",
      `a renew deadline of ${renewDeadlineMs} ms is too short for a retry period of ${retryPeriodMs} ms: ` +
        `give a --leader-election-renew-deadline of more than ${jitter} times the period`,
    );
}
