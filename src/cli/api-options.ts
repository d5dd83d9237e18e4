import { type Command, Option } from "commander";
import { checkTiming } from "../kube/controller/leader/timing.ts";
import { version } from "../lib/version.ts";
import type { ApiOptions } from "../processes/connect.ts";
import type { HttpAddress, HttpOptions } from "../processes/http-endpoint.ts";
import type { ElectionOptions } from "../processes/leading.ts";
import { defaultGates, type FeatureGates, featureGates } from "./feature-gates.ts";
import { durationMs, positiveDurationMs } from "./go-flags.ts";
import {
  addLogOptions,
  booleanOption,
  httpAddress,
  kubeconfigOption,
  type LogFlags,
  labels,
  numberFrom,
  urlPath,
  wholeNumber,
} from "./options.ts";

/** The flags of every process that works on a cluster's API and may have replicas. Durations are milliseconds. */
export interface ApiFlags extends LogFlags {
  readonly kubeconfig?: string;
  readonly workerThreads: number;
  readonly workerActions: number;
  readonly resyncPeriod: number;
  readonly retryIntervalStart?: number;
  readonly retryIntervalMax?: number;
  readonly kubeApiQps?: number;
  readonly kubeApiBurst?: number;
  readonly leaderElection: boolean;
  readonly leaderElectionNamespace?: string;
  readonly leaderElectionLeaseDuration: number;
  readonly leaderElectionRenewDeadline: number;
  readonly leaderElectionRetryPeriod: number;
  readonly leaderElectionLabels?: Readonly<Record<string, string>>;
  readonly featureGates: FeatureGates;
  readonly httpEndpoint?: HttpAddress;
  readonly metricsAddress?: HttpAddress;
  readonly metricsPath: string;
}

export function addApiOptions(command: Command): Command {
  const options = [kubeconfigOption(), ...workOptions(), ...electionOptions(), ...httpOptions(), featureGatesOption()];
  for (const option of [...options, ...ignored]) command.addOption(option);
  return addLogOptions(command).version(`${command.name()} ${version}`, "--version");
}

const workOptions = () => [
  new Option("--worker-threads <n>", "objects of a kind that are worked on at once")
    .argParser(wholeNumber(1))
    .default(10),
  new Option("--worker-actions <n>", "requests of all plans together that run at once")
    .argParser(wholeNumber(1))
    .default(64),
  new Option("--resync-period <duration>", "look at every object this often, changed or not; 0: never")
    .argParser(durationMs)
    .default(900_000, "15m"),
  new Option("--retry-interval-start <duration>", "first wait after a failure; 1s by default").argParser(
    positiveDurationMs,
  ),
  new Option("--retry-interval-max <duration>", "longest wait after a failure; 5m by default").argParser(
    positiveDurationMs,
  ),
  new Option(
    "--kube-api-qps <n>",
    "limits requests to the API a second; no limit without it, and at 0 or less",
  ).argParser(numberFrom("a number of requests a second")),
  new Option("--kube-api-burst <n>", "requests that may exceed --kube-api-qps for a moment").argParser(wholeNumber(1)),
];

const electionOptions = () => [
  booleanOption("leader-election", "let one of several replicas work, elected by a lease"),
  new Option("--leader-election-namespace <name>", "where the lease is; by default the pod's namespace"),
  new Option("--leader-election-lease-duration <duration>", "a lease not renewed for this long may be taken")
    .argParser(positiveDurationMs)
    .default(15_000, "15s"),
  new Option("--leader-election-renew-deadline <duration>", "a leader that cannot renew for this long ends")
    .argParser(positiveDurationMs)
    .default(10_000, "10s"),
  new Option("--leader-election-retry-period <duration>", "between two renewals, and two looks at another's lease")
    .argParser(positiveDurationMs)
    .default(5_000, "5s"),
  new Option("--leader-election-labels <labels>", "put on the lease: name:value,other:value").argParser(labels),
];

/** For a process that asks no API. */
export function addHttpOptions(command: Command): Command {
  for (const option of httpOptions()) command.addOption(option);
  return command;
}

const httpOptions = () => [
  new Option("--http-endpoint <address>", "serves metrics and health there, such as :8080; off by default").argParser(
    httpAddress,
  ),
  new Option("--metrics-path <path>", "path of the metrics at --http-endpoint").argParser(urlPath).default("/metrics"),
];

const featureGatesOption = () =>
  new Option(
    "--feature-gates <gates>",
    "CSIVolumeGroupSnapshot=false switches groups off; others: see the guide to flags",
  )
    .argParser(featureGates)
    .default(defaultGates, "CSIVolumeGroupSnapshot=true,ReleaseLeaderElectionOnExit=true");

/** Upstream's flags about what we do not have: a scheduler of threads, buffers before a log, files that log. */
const ignored = [
  "automaxprocs [bool]",
  "log-flush-frequency <duration>",
  "log-json-info-buffer-size <size>",
  "log-json-split-stream [bool]",
  "log-text-info-buffer-size <size>",
  "log-text-split-stream [bool]",
  "vmodule <patterns>",
].map((flag) => new Option(`--${flag}`, "taken, without effect").hideHelp());

/** The flags and gates that were given and change nothing here. */
export function withoutEffect(flags: ApiFlags): readonly string[] {
  const given = ignored.filter((option) => option.attributeName() in flags).map((option) => option.long ?? "");
  return [...given, ...flags.featureGates.withoutEffect];
}

/** What a process is told by these flags. @throws Failure "invalid" where they contradict each other */
export function apiOptionsOf(flags: ApiFlags): ApiOptions & HttpOptions & { readonly groupSnapshots: boolean } {
  const { kubeconfig, workerThreads, workerActions, resyncPeriod, kubeApiQps, kubeApiBurst, metricsPath } = flags;
  const httpEndpoint = flags.httpEndpoint ?? flags.metricsAddress;
  return {
    ...(kubeconfig && { kubeconfig }),
    ...(httpEndpoint && { httpEndpoint }),
    metricsPath,
    workerThreads,
    workerActions,
    resyncMs: resyncPeriod === 0 ? undefined : resyncPeriod,
    retry: { startMs: flags.retryIntervalStart, maxMs: flags.retryIntervalMax },
    kubeApiQps: kubeApiQps !== undefined && kubeApiQps > 0 ? kubeApiQps : undefined,
    kubeApiBurst,
    election: flags.leaderElection ? electionOf(flags) : undefined,
    groupSnapshots: flags.featureGates.groupSnapshots,
  };
}

function electionOf(flags: ApiFlags): ElectionOptions {
  const timing = {
    leaseDurationMs: flags.leaderElectionLeaseDuration,
    renewDeadlineMs: flags.leaderElectionRenewDeadline,
    retryPeriodMs: flags.leaderElectionRetryPeriod,
  };
  checkTiming(timing);
  const { leaderElectionNamespace: namespace, leaderElectionLabels } = flags;
  return {
    timing,
    ...(namespace && { namespace }),
    ...(leaderElectionLabels && { labels: leaderElectionLabels }),
    releaseOnExit: flags.featureGates.releaseLeaderElectionOnExit,
  };
}

/** `--metrics-address` of upstream's sidecars: an older name of `--http-endpoint`. */
export const metricsAddressOption = () =>
  new Option("--metrics-address <address>", "older name of --http-endpoint")
    .argParser(httpAddress)
    .conflicts("httpEndpoint");
