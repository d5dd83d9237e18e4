import { countsOf, type Report, type Result } from "./report.ts";
import { titleOf } from "./report-text.ts";

/** A report as JUnit's XML, which CI systems show. */
export function junitOf(report: Report): string {
  const { failed, skipped } = countsOf(report);
  const attributes = {
    name: `groupsnap conformance: ${titleOf(report)}`,
    tests: report.results.length,
    failures: failed,
    errors: 0,
    skipped,
    time: seconds(report.results.reduce((sum, { tookMs }) => sum + tookMs, 0)),
    timestamp: report.startedAt.toISOString(),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `  ${tag("testsuite", attributes)}`,
    ...report.results.flatMap(caseLines),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function caseLines(result: Result): readonly string[] {
  const { name, claim, spec, outcome, reasons, notes, tookMs } = result;
  const inside = [
    ...(outcome === "failed"
      ? [`${tag("failure", { message: claim, type: `CSI spec: ${spec}` })}${escaped(reasons.join("\n"))}</failure>`]
      : []),
    ...(outcome === "skipped" ? [`${tag("skipped", { message: reasons.join("; ") })}</skipped>`] : []),
    ...(notes.length > 0 ? [`<system-out>${escaped(notes.join("\n"))}</system-out>`] : []),
  ];
  return [
    `    ${tag("testcase", { classname: "groupsnap.conformance", name, time: seconds(tookMs) })}`,
    ...inside.map((line) => `      ${line}`),
    "    </testcase>",
  ];
}

const tag = (name: string, attributes: Readonly<Record<string, string | number>>) =>
  `<${name}${Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escaped(String(value)).replaceAll("\n", "&#10;")}"`)
    .join("")}>`;

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML has no way at all to write control characters, and a driver's messages may have some. */
const escaped = (text: string) =>
  Array.from(text, (character) => entities[character] ?? (isWritable(character) ? character : "\uFFFD")).join("");

function isWritable(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
}

const seconds = (ms: number) => (ms / 1000).toFixed(3);
