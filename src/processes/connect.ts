import { type KubeClient, kubeClient } from "../kube/client/kube-client.ts";
import { loadConfig } from "../kube/client/kubeconfig.ts";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";

/** What every process that works on a cluster's API is told. */
export interface ApiOptions {
  readonly kubeconfig?: string;
  readonly workerThreads: number;
  readonly workerActions: number;
  readonly kubeApiQps?: number;
  readonly kubeApiBurst?: number;
}

/** A client for the cluster that a kubeconfig, the environment or the pod's service account names. */
export async function connect(options: {
  readonly kubeconfig?: string;
  /** Names the process in the API server's logs: groupsnap-snapshot-controller. */
  readonly userAgent: string;
  readonly kubeApiQps?: number;
  readonly kubeApiBurst?: number;
}): Promise<KubeClient> {
  const config = await loadConfig(options.kubeconfig ? { kubeconfig: options.kubeconfig } : {});
  return kubeClient({
    config,
    userAgent: options.userAgent,
    clock: systemClock,
    random: systemRandom,
    ...(options.kubeApiQps ? { qps: options.kubeApiQps } : {}),
    ...(options.kubeApiBurst ? { burst: options.kubeApiBurst } : {}),
  });
}
