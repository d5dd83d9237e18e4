import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A real kube-controller-manager. */
export interface KubeControllerManager {
  stop(): Promise<void>;
}

/** What cleans up, and gives a namespace what is always there. */
const cleaners = [
  "garbage-collector-controller",
  "namespace-controller",
  "serviceaccount-controller",
  "clusterrole-aggregation-controller",
];

/** What binds claims to volumes, and keeps both while they are used. */
export const volumeControllers = [
  "persistentvolume-binder-controller",
  "persistentvolumeclaim-protection-controller",
  "persistentvolume-protection-controller",
];

/**
 * Starts it from a folder of binaries, as the cluster's admin, with the controllers that clean up, and more if some are
 * named. It does its work by and by: wait for what it does.
 */
export function kubeControllerManager(
  binaries: string,
  kubeconfigPath: string,
  more: readonly string[] = [],
): KubeControllerManager {
  const flags = ["--kubeconfig", kubeconfigPath, "--leader-elect=false", "--secure-port=0"];
  const names = `--controllers=${[...cleaners, ...more].join(",")}`;
  const child = spawn(join(binaries, "kube-controller-manager"), [...flags, names], { stdio: "ignore" });
  return { stop: () => kill(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
