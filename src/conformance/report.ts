import type { Claim } from "./check.ts";

/** What came of one check. */
export interface Result extends Claim {
  readonly outcome: "passed" | "failed" | "skipped";
  /** What is wrong, or why it was skipped; empty when it passed. */
  readonly reasons: readonly string[];
  /** What else was seen. */
  readonly notes: readonly string[];
  readonly tookMs: number;
}

/** What came of a run. */
export interface Report {
  /** Where the driver was called. */
  readonly endpoint: string;
  readonly driver: string;
  readonly driverVersion: string;
  readonly startedAt: Date;
  readonly results: readonly Result[];
}

export type Counts = Readonly<Record<Result["outcome"], number>>;

export function countsOf({ results }: Pick<Report, "results">): Counts {
  const count = (wanted: Result["outcome"]) => results.filter(({ outcome }) => outcome === wanted).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
}

/** True if every check passed, but for those that may be skipped. */
export function isConformant({ results }: Pick<Report, "results">, maySkip: readonly string[]): boolean {
  return results.every(
    ({ outcome, name }) => outcome === "passed" || (outcome === "skipped" && maySkip.includes(name)),
  );
}
