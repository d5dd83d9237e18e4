import { InvalidArgumentError } from "commander";

/**
 * Command lines in Go's spelling, as manifests for Kubernetes components have them, in the spelling our parser reads:
 * `-csi-address=x` and `-csi-address x` are `--csi-address x`, `-v=5` and `--v=5` are `-v 5`, `--leader-election=false`
 * keeps its value. What stands behind `--` is left alone.
 */
export function fromGoFlags(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  const flags = end < 0 ? argv : argv.slice(0, end);
  const rest = end < 0 ? [] : argv.slice(end);
  return [...flags.flatMap(respell), ...rest];
}

const shortWithValue = /^--?([a-zA-Z])=(.*)$/s;
const shortWithTwoDashes = /^--([a-zA-Z])$/;
const longWithOneDash = /^-([a-zA-Z][\w-]+)(=.*)?$/s;

function respell(argument: string): readonly string[] {
  const short = shortWithValue.exec(argument);
  if (short) return [`-${short[1]}`, short[2] ?? ""];
  if (shortWithTwoDashes.test(argument)) return [argument.slice(1)];
  return longWithOneDash.test(argument) ? [`-${argument}`] : [argument];
}

/** What Go reads as a boolean; undefined for anything else. */
export function booleanOf(text: string): boolean | undefined {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  return undefined;
}

/** Parses the value of a boolean flag. */
export function parseBoolean(text: string): boolean {
  const value = booleanOf(text);
  if (value === undefined) throw new InvalidArgumentError(`give true or false, not "${text}".`);
  return value;
}

const unitsMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** Parses a duration as Go reads it (1m30s, 500ms, 1.5h, 0) to milliseconds. */
export function durationMs(text: string): number {
  if (text === "0") return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ms|us|µs|ns|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text)
    throw new InvalidArgumentError(`give a duration such as 30s or 1m30s, not "${text}".`);
  return parts.reduce((sum, [, digits, unit]) => sum + Number(digits) * (unitsMs[unit ?? ""] ?? 0), 0);
}

/** Parses a duration that must be longer than nothing. */
export function positiveDurationMs(text: string): number {
  const ms = durationMs(text);
  if (ms > 0) return ms;
  throw new InvalidArgumentError(`give a duration such as 30s or 1m30s, not "${text}".`);
}
