import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { type ApiFlags, addApiOptions, apiOptionsOf, metricsAddressOption, withoutEffect } from "./api-options.ts";
import { fromGoFlags } from "./go-flags.ts";

function parsed(...argv: string[]): ApiFlags {
  const command = addApiOptions(new Command("sidecar")).addOption(metricsAddressOption());
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  return command.parse([...fromGoFlags(argv)], { from: "user" }).opts<ApiFlags>();
}
const optionsOf = (...argv: string[]) => apiOptionsOf(parsed(...argv));

test("without flags nothing is throttled, one replica works, and every object is looked at every 15 minutes", () => {
  expect(optionsOf()).toMatchObject({
    workerThreads: 10,
    workerActions: 64,
    resyncMs: 900_000,
    kubeApiQps: undefined,
    election: undefined,
    groupSnapshots: true,
    metricsPath: "/metrics",
  });
});

test.each<[string, string[], object]>([
  ["a limit of requests", ["-kube-api-qps=2.5", "-kube-api-burst", "7"], { kubeApiQps: 2.5, kubeApiBurst: 7 }],
  ["no limit at all, as Go's clients spell it", ["--kube-api-qps=-1"], { kubeApiQps: undefined }],
  ["no resync", ["--resync-period=0"], { resyncMs: undefined }],
  [
    "other waits",
    ["--retry-interval-start=2s", "--retry-interval-max=1m"],
    { retry: { startMs: 2_000, maxMs: 60_000 } },
  ],
  ["groups switched off", ["--feature-gates=CSIVolumeGroupSnapshot=false"], { groupSnapshots: false }],
  ["the older name of an address", ["--metrics-address=:8080"], { httpEndpoint: { host: undefined, port: 8080 } }],
  ["no election, spelled out", ["-leader-election=false"], { election: undefined }],
])("upstream's flags mean what they mean there: %s", (_title, argv, options) => {
  expect(optionsOf(...argv)).toMatchObject(options);
});

test("an election has upstream's durations, and gives its lease back unless a gate says not to", () => {
  const timing = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 5_000 };
  expect(optionsOf("--leader-election").election).toEqual({ timing, releaseOnExit: true });
  const flags = ["-leader-election=t", "-leader-election-namespace=storage", "-leader-election-labels=team:storage"];
  expect(optionsOf(...flags, "--feature-gates=ReleaseLeaderElectionOnExit=false").election).toEqual({
    timing,
    namespace: "storage",
    labels: { team: "storage" },
    releaseOnExit: false,
  });
});

describe("a command line that contradicts itself is refused:", () => {
  test.each<[string, string[], string]>([
    ["two addresses", ["--http-endpoint=:1", "--metrics-address=:2"], "cannot be used with option '--http-endpoint"],
    [
      "a lease shorter than its renewals",
      ["--leader-election", "--leader-election-lease-duration=10s"],
      "give a longer --leader-election-lease-duration",
    ],
    ["a boolean that is none", ["--leader-election=perhaps"], 'give true or false, not "perhaps"'],
    ["metrics in the place of health", ["--metrics-path=/healthz"], "but not with /healthz"],
    ["no workers", ["--worker-threads=0"], "give a whole number from 1"],
    ["a format that there is not", ["--logging-format=xml"], "Allowed choices are json, text"],
  ])("%s", (_title, argv, message) => {
    expect(() => optionsOf(...argv)).toThrow(message);
  });
});

test("flags and gates that are taken without effect are told", () => {
  expect(withoutEffect(parsed())).toEqual([]);
  expect(withoutEffect(parsed("-automaxprocs", "--vmodule=a=5", "--feature-gates=WatchList=true"))).toEqual([
    "--automaxprocs",
    "--vmodule",
    "WatchList",
  ]);
});
