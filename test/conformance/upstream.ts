import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { binaries } from "./binaries.ts";

/** A program of upstream's that runs beside ours. */
export interface UpstreamProgram {
  stop(): Promise<void>;
}

/** What both take, for one replica that is not throttled. */
const commonFlags = (kubeconfig: string) => [
  `--kubeconfig=${kubeconfig}`,
  "--leader-election=false",
  "--kube-api-qps=1000",
  "--kube-api-burst=2000",
  "--feature-gates=CSIVolumeGroupSnapshot=true",
];

/** Starts upstream's snapshot-controller on a cluster; its log goes into the folder. */
export const upstreamController = (where: { readonly kubeconfig: string; readonly folder: string }) =>
  startProgram("snapshot-controller", commonFlags(where.kubeconfig), where.folder);

/** Starts upstream's sidecar beside a driver. */
export const upstreamSidecar = (where: {
  readonly kubeconfig: string;
  readonly folder: string;
  readonly csiAddress: string;
}) =>
  startProgram(
    "csi-snapshotter",
    [...commonFlags(where.kubeconfig), `--csi-address=${where.csiAddress}`],
    where.folder,
  );

/** Starts a program of the folder of binaries; its log goes into `folder`. */
export function startProgram(name: string, flags: readonly string[], folder: string): UpstreamProgram {
  const log = openSync(join(folder, `upstream-${name}.log`), "a", 0o600);
  const child = spawn(join(binaries(), name), flags, { stdio: ["ignore", log, log] });
  closeSync(log);
  return { stop: () => kill(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** The definitions of a release of upstream's, for kubectl. @throws Error that says how to name them */
export function definitionsOf(release: string): readonly string[] {
  const folder = process.env.UPSTREAM_CRDS;
  if (!folder)
    throw new Error("name a folder with upstream's definitions, a folder for each release, in UPSTREAM_CRDS");
  const files = readdirSync(join(folder, release)).filter((name) => /^(group)?snapshot\..*\.yaml$/.test(name));
  return files.flatMap((name) => ["-f", join(folder, release, name)]);
}
