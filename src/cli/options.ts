import { type Command, InvalidArgumentError, Option } from "commander";
import { Failure } from "../lib/failure.ts";
import type { LogFormat } from "../lib/log.ts";
import type { HttpAddress } from "../processes/http-endpoint.ts";
import { parseBoolean, positiveDurationMs } from "./go-flags.ts";

/** Options that several commands share, each with one meaning. */
export const kubeconfigOption = () =>
  new Option("--kubeconfig <file>", "the cluster to work on; without it KUBECONFIG, then the pod's service account");

export const csiAddressOption = () =>
  new Option("--csi-address <socket>", "the CSI driver's unix socket").default("/run/csi/socket");

export const engineOption = () =>
  new Option("--engine <name>", "how a cut is taken, and with it what volumes are")
    .choices(["auto", "atomic", "freeze", "userland"])
    .default("auto");

/** The flags of every process that goes on by itself. */
export interface LogFlags {
  readonly verbosity: number;
  readonly loggingFormat: LogFormat;
}

export function addLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option("-v, --verbosity <n>", "how much is logged to standard error; 4 and up: every step")
        .argParser(wholeNumber())
        .default(2),
    )
    .addOption(new Option("--logging-format <format>", "how it is logged").choices(["json", "text"]).default("json"));
}

/** A flag that is given alone, or with a value as Go takes it: --name, --name=false. */
export function booleanOption(name: string, description: string, usual = false): Option {
  return new Option(`--${name} [bool]`, description).argParser(parseBoolean).preset("true").default(usual);
}

/** Parses an address in Go's spelling: host:port, [address]:port, or :port for every address of the machine. */
export function httpAddress(text: string): HttpAddress {
  const [, bracketed, host, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== undefined && port <= 65_535) return { host: bracketed ?? (host || undefined), port };
  throw new InvalidArgumentError(`give an address such as :8080 or 127.0.0.1:8080, not "${text}".`);
}

export function urlPath(text: string): string {
  if (text.startsWith("/") && !text.startsWith("/healthz") && !text.startsWith("/readyz")) return text;
  throw new InvalidArgumentError(`give a path that begins with /, but not with /healthz or /readyz, not "${text}".`);
}

/** Parses labels as csi-lib-utils takes them: "name:value,other:value". */
export function labels(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(",").map((pair) => pair.split(":"));
  if (pairs.every((pair) => pair.length === 2 && pair[0])) return Object.fromEntries(pairs);
  throw new InvalidArgumentError(`give labels such as team:storage,tier:gold, not "${text}".`);
}

/** Parses any number. */
export function numberFrom(what: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value)) return value;
    throw new InvalidArgumentError(`give ${what}, not "${text}".`);
  };
}

/** Parses a whole number in a range. */
export function wholeNumber(min = 0, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(
      `give a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? "" : ` to ${max}`}, not "${text}".`,
    );
  };
}

const sizeUnits: Readonly<Record<string, bigint>> = {
  "": 1n,
  k: 10n ** 3n,
  M: 10n ** 6n,
  G: 10n ** 9n,
  T: 10n ** 12n,
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
};

/** Parses a size as Kubernetes writes it: 500Mi, 10G, 1073741824. */
export function sizeInBytes(text: string): bigint {
  const [, digits, unit] = /^(\d{1,18})([kMGT]|[KMGT]i|)$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : sizeUnits[unit];
  const bytes = factor === undefined ? 0n : BigInt(digits ?? 0) * factor;
  if (bytes === 0n) throw new InvalidArgumentError(`give a size such as 500Mi or 10Gi, not "${text}".`);
  return bytes;
}

/**
 * The node that a process beside every node's driver works for, where it was told to work for that one only.
 *
 * @throws Failure "invalid" where that does not go with the other flags
 */
export function nodeNameOf(flags: { readonly nodeDeployment: boolean; readonly leaderElection: boolean }): {
  readonly nodeName?: string;
} {
  if (!flags.nodeDeployment) return {};
  if (flags.leaderElection)
    throw new Failure("invalid", "--node-deployment goes without --leader-election: every node does its own work");
  const nodeName = process.env.NODE_NAME;
  if (nodeName) return { nodeName };
  throw new Failure(
    "invalid",
    "--node-deployment needs the node's name in the environment: set NODE_NAME from spec.nodeName",
  );
}

export const callTimeoutOption = () =>
  new Option("--timeout <duration>", "limit on one call to the driver")
    .argParser(positiveDurationMs)
    .default(60_000, "1m");

export const extraMetadataOption = () =>
  booleanOption("extra-create-metadata", "tell the driver the names of the objects it works for");
