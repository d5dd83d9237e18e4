import { stringifyJson } from "../lib/json.ts";
import { countsOf, isConformant, type Report } from "./report.ts";

/** A report for programs. */
export function jsonOf(report: Report, maySkip: readonly string[]): string {
  const { results, startedAt, ...about } = report;
  const isGood = isConformant(report, maySkip);
  const whole = { ...about, startedAt: startedAt.toISOString(), conformant: isGood, ...countsOf(report), results };
  return `${stringifyJson(whole, 2)}\n`;
}
