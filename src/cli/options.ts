import { type Command, InvalidArgumentError, Option } from "commander";
import type { ApiOptions } from "../processes/connect.ts";
import type { HttpAddress, HttpOptions } from "../processes/http-endpoint.ts";

/** Options that several commands share, each with one meaning. */
export const kubeconfigOption = () =>
  new Option("--kubeconfig <file>", "the cluster to work on; without it KUBECONFIG, then the pod's service account");

export const csiAddressOption = () =>
  new Option("--csi-address <socket>", "the CSI driver's unix socket").default("/run/csi/socket");

export const verbosityOption = () =>
  new Option("-v, --verbosity <n>", "how much is logged to standard error; 4 and up: every step")
    .argParser(wholeNumber())
    .default(2);

const workerThreadsOption = () =>
  new Option("--worker-threads <n>", "objects of a kind that are worked on at once")
    .argParser(wholeNumber(1))
    .default(10);

const workerActionsOption = () =>
  new Option("--worker-actions <n>", "requests of all plans together that run at once")
    .argParser(wholeNumber(1))
    .default(64);

const kubeApiQpsOption = () =>
  new Option("--kube-api-qps <n>", "limits requests to the API a second; without it there is no limit").argParser(
    positive,
  );

const kubeApiBurstOption = () =>
  new Option("--kube-api-burst <n>", "requests that may exceed --kube-api-qps for a moment").argParser(wholeNumber(1));

const httpEndpointOption = () =>
  new Option("--http-endpoint <address>", "serves metrics and /healthz there, such as :8080; off by default").argParser(
    httpAddress,
  );

const metricsPathOption = () =>
  new Option("--metrics-path <path>", "path of the metrics at --http-endpoint").argParser(urlPath).default("/metrics");

/** Parses an address in Go's spelling: host:port, [address]:port, or :port for every address of the machine. */
export function httpAddress(text: string): HttpAddress {
  const [, bracketed, host, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== undefined && port <= 65_535) return { host: bracketed ?? (host || undefined), port };
  throw new InvalidArgumentError(`give an address such as :8080 or 127.0.0.1:8080, not "${text}".`);
}

function urlPath(text: string): string {
  if (text.startsWith("/") && text !== "/healthz") return text;
  throw new InvalidArgumentError(`give a path that begins with / and is not /healthz, not "${text}".`);
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

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError(`give a number above 0, not "${text}".`);
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

const durationUnitsMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Parses a duration in Go's spelling (1m30s, 500ms) to milliseconds. */
export function durationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text)
    throw new InvalidArgumentError(`give a duration such as 30s or 1m30s, not "${text}".`);
  return parts.reduce((sum, [, digits, unit]) => sum + Number(digits) * (durationUnitsMs[unit ?? ""] ?? 0), 0);
}

/** The flags of every process that works on a cluster's API. */
export interface ApiFlags extends ApiOptions, HttpOptions {
  readonly verbosity: number;
}

/** Manifests give it in both spellings; electing a leader is not there yet, and nobody is to believe that it is. */
const leaderElectionOption = () =>
  new Option("--leader-election [bool]", "whether one of several replicas leads; only false works yet")
    .argParser(falseOnly)
    .preset("true")
    .default(false);

export function falseOnly(text: string): false {
  if (text === "false") return false;
  if (text === "true")
    throw new InvalidArgumentError("there is no leader election yet; run one replica, with --leader-election=false.");
  throw new InvalidArgumentError(`give true or false, not "${text}".`);
}

export function addApiOptions(command: Command): Command {
  return [
    kubeconfigOption(),
    workerThreadsOption(),
    workerActionsOption(),
    kubeApiQpsOption(),
    kubeApiBurstOption(),
    leaderElectionOption(),
    httpEndpointOption(),
    metricsPathOption(),
    verbosityOption(),
  ].reduce((made, option) => made.addOption(option), command);
}

export const callTimeoutOption = () =>
  new Option("--timeout <duration>", "limit on one call to the driver").argParser(durationMs).default(60_000, "1m");

export const extraMetadataOption = () =>
  new Option("--extra-create-metadata", "tell the driver the names of the objects it works for").default(false);
