import { type KubeClient, kubeClient } from "../kube/client/kube-client.ts";
import { loadConfig } from "../kube/client/kubeconfig.ts";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";
import type { HostOptions } from "./controller-host.ts";
import type { ElectionOptions, Permit } from "./leading.ts";

/** What every process that works on a cluster's API is told. */
export interface ApiOptions extends Pick<HostOptions, "workerThreads" | "workerActions" | "resyncMs" | "retry"> {
  readonly kubeconfig?: string;
  readonly kubeApiQps?: number | undefined;
  readonly kubeApiBurst?: number | undefined;
  /** Absent where there is one replica. */
  readonly election?: ElectionOptions | undefined;
}

/** A client for the cluster that a kubeconfig, the environment or the pod's service account names. */
export async function connect(options: {
  readonly kubeconfig?: string;
  /** Names the process in the API server's logs: groupsnap-snapshot-controller. */
  readonly userAgent: string;
  readonly kubeApiQps?: number | undefined;
  readonly kubeApiBurst?: number | undefined;
  readonly permit?: Permit;
}): Promise<KubeClient> {
  const config = await loadConfig(options.kubeconfig ? { kubeconfig: options.kubeconfig } : {});
  const { userAgent, kubeApiQps: qps, kubeApiBurst: burst, permit } = options;
  return kubeClient({ config, userAgent, clock: systemClock, random: systemRandom, qps, burst, permit });
}

/** The client of the election: without the limits that work has, so that nothing delays a renewal. */
export function connectCandidate({ kubeconfig }: ApiOptions, process: string): () => Promise<KubeClient> {
  return () => connect({ ...(kubeconfig && { kubeconfig }), userAgent: `groupsnap-${process}/leader-election` });
}
