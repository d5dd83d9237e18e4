import { tableLines } from "../table.ts";
import { isError } from "./diagnose.ts";
import type { Finding } from "./finding.ts";
import type { Summary } from "./summary.ts";

/** Of one reason; a thousand groups may fail for one. */
const shownOfReason = 20;

/** What there is, then what is wrong with it, as people read it. */
export function reportLines(summary: Summary, findings: readonly Finding[]): readonly string[] {
  return [...summaryLines(summary), ...findingLines(findings), "", verdictOf(findings)];
}

function summaryLines(summary: Summary): readonly string[] {
  const { server, definitions, processes, leases, classes, drivers, asked, objects } = summary;
  const counts = Object.entries(objects).map(([name, count]) => `${count} ${name.toLowerCase()}`);
  return [
    `API server ${server}`,
    "",
    ...section(
      ["DEFINITION", "SERVED", "STORED", "CONVERSION"],
      definitions.map(({ name, served, stored, conversion }) => [name, served.join(","), stored.join(","), conversion]),
    ),
    ...section(
      ["PROCESS", "BY", "GROUPS", "POD", "IMAGE"],
      processes.map(({ process, by, groups, pod, image }) => [process, by, groups ? "yes" : "no", pod, image]),
    ),
    ...section(
      ["LEASE", "HELD", "BY", "HOLDER"],
      leases.map(({ lease, held, by, holder }) => [lease, held ? "yes" : "no", by, holder]),
    ),
    ...section(
      ["CLASS", "NAME", "DEFAULT", "POLICY", "DRIVER"],
      classes.map((each) => [each.kind, each.name, each.default ? "yes" : "", each.policy, each.driver]),
    ),
    ...section(
      ["DRIVER", "CSIDRIVER", "NODES"],
      drivers.map(({ name, object, nodes }) => [name, object ? "yes" : "no", String(nodes)]),
    ),
    ...asked.flatMap((said) => section(["ASKED", said.name ?? said.address], saidRows(said))),
    `Objects: ${counts.join(", ")}`,
  ];
}

const saidRows = ({ can, manifest }: Summary["asked"][number]) => [
  ...Object.entries(can ?? {}).map(([what, isSo]) => [what, isSo ? "yes" : "no"]),
  ...Object.entries(manifest).filter(([, value]) => value !== ""),
];

const section = (header: readonly string[], rows: readonly (readonly string[])[]) =>
  rows.length > 0 ? [...tableLines(header, rows), ""] : [];

function findingLines(findings: readonly Finding[]): readonly string[] {
  const reasons = [...new Set(findings.map(({ reason }) => reason))];
  return reasons.flatMap((reason) => {
    const all = findings.filter((finding) => finding.reason === reason);
    const more = all.length - shownOfReason;
    return [
      ...all.slice(0, shownOfReason).flatMap(linesOf),
      ...(more > 0 ? ["", `… and ${more} more of ${reason}; -o json has all of them`] : []),
    ];
  });
}

const linesOf = ({ severity, reason, on, what, mend }: Finding) => [
  "",
  `${severity.toUpperCase()} ${reason}: ${on}`,
  `  ${what}`,
  `  To mend it: ${mend}`,
];

function verdictOf(findings: readonly Finding[]): string {
  const errors = findings.filter(isError).length;
  const warnings = findings.length - errors;
  return findings.length === 0 ? "Nothing is wrong." : `${counted(errors, "error")}, ${counted(warnings, "warning")}.`;
}

const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;
