import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A real kube-controller-manager, with the controllers that clean up and that give a namespace what is always there. */
export interface KubeControllerManager {
  stop(): Promise<void>;
}

const controllers = [
  "garbage-collector-controller",
  "namespace-controller",
  "serviceaccount-controller",
  "clusterrole-aggregation-controller",
];

/** Starts it from a folder of binaries, as the cluster's admin. It does its work by and by: wait for what it does. */
export function kubeControllerManager(binaries: string, kubeconfigPath: string): KubeControllerManager {
  const flags = ["--kubeconfig", kubeconfigPath, "--leader-elect=false", "--secure-port=0"];
  const names = `--controllers=${controllers.join(",")}`;
  const child = spawn(join(binaries, "kube-controller-manager"), [...flags, names], { stdio: "ignore" });
  return { stop: () => kill(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
