import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { programPath } from "../../src/processes/program.ts";

/** Who runs the snapshots of a round: a controller and a sidecar, each a process. */
export interface Contestant {
  readonly name: "ours" | "upstream";
  /** What is common to the user agents of its requests, and only of its. */
  readonly userAgent: RegExp;
  readonly controller: readonly [string, ...string[]];
  readonly sidecar: readonly [string, ...string[]];
}

export interface Place {
  readonly binaries: string;
  readonly kubeconfig: string;
  readonly csiAddress: string;
  readonly folder: string;
}

/** Flags that lift the client-side throttle, which upstream has by default: 5 requests a second. */
const raised = ["--kube-api-qps=1000", "--kube-api-burst=2000"];

export function contestants(place: Place, flags: "default" | "raised"): readonly Contestant[] {
  const { kubeconfig, csiAddress, binaries } = place;
  const common = [`--kubeconfig=${kubeconfig}`, "--leader-election=false", ...(flags === "raised" ? raised : [])];
  const ours = (name: string): [string, ...string[]] => [process.execPath, programPath(), name, ...common];
  const upstream = (name: string): [string, ...string[]] => [join(binaries, name), ...common];
  const csi = `--csi-address=${csiAddress}`;
  return [
    {
      name: "ours",
      userAgent: /^groupsnap-(snapshot-controller|csi-snapshotter)/,
      controller: ours("snapshot-controller"),
      sidecar: [...ours("csi-snapshotter"), csi],
    },
    {
      name: "upstream",
      userAgent: /^(snapshot-controller|csi-snapshotter)\//,
      controller: upstream("snapshot-controller"),
      sidecar: [...upstream("csi-snapshotter"), csi],
    },
  ];
}

export interface RunningContestant {
  /** Resident memory of controller and sidecar, in MiB. */
  memory(): readonly [number, number];
  /** Processor time that both have used so far, in milliseconds. */
  cpuMs(): number;
  stop(): Promise<void>;
}

export function start({ name, controller, sidecar }: Contestant, { folder }: Place): RunningContestant {
  const children = [controller, sidecar].map(([program, ...args]) => {
    const log = openSync(join(folder, `${name}.log`), "a", 0o600);
    const child = spawn(program, args, { stdio: ["ignore", log, log] });
    closeSync(log);
    return child;
  });
  return {
    memory() {
      const [first = 0, second = 0] = children.map(residentMiB);
      return [first, second];
    },
    cpuMs: () => children.map(cpuMsOf).reduce((sum, ms) => sum + ms, 0),
    async stop() {
      await Promise.all(children.map(end));
    },
  };
}

function residentMiB({ pid }: ChildProcess): number {
  const [, kib = "0"] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}

/** The kernel counts it in hundredths of a second (proc_pid_stat(5), fields 14 and 15). */
function cpuMsOf({ pid }: ChildProcess): number {
  const [, after = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const [user = 0, system = 0] = after.split(" ").slice(11, 13).map(Number);
  return (user + system) * 10;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
