import { countsOf, type Report, type Result } from "./report.ts";

/** What one check has come to, as people read it. */
export function resultLines({ name, claim, spec, outcome, reasons, notes, tookMs }: Result): readonly string[] {
  return [
    `${outcome.padEnd(7)}  ${name}  (${(tookMs / 1000).toFixed(1)} s)`,
    ...(outcome === "failed" ? [`         wanted: ${claim}`, `         by: CSI spec "${spec}"`] : []),
    ...reasons.map((reason) => `         ${reason}`),
    ...notes.map((note) => `         ${note}`),
  ];
}

/** "csi.example.com 1.0: 24 passed, 1 failed, 2 skipped". */
export function summaryLine(report: Report): string {
  const { passed, failed, skipped } = countsOf(report);
  return `${titleOf(report)}: ${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Of a driver that could be asked who it is, or of whatever is at the socket. */
export const titleOf = ({ driver, driverVersion, endpoint }: Report) =>
  driver === "" ? `the driver at ${endpoint}` : `${driver} ${driverVersion}`.trim();
