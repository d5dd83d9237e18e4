import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import type { ConnectionConfig } from "./connection.ts";
import { tokenFileCredentials } from "./token-file.ts";

/** Where the kubelet mounts a pod's service account. */
export const serviceAccountDir = "/var/run/secrets/kubernetes.io/serviceaccount";

type Env = Readonly<Record<string, string | undefined>>;

export function isInCluster(env: Env): boolean {
  return Boolean(env.KUBERNETES_SERVICE_HOST && env.KUBERNETES_SERVICE_PORT);
}

/** The API server of the cluster that this pod runs in, as its service account. */
export async function inClusterConfig(options: {
  readonly env: Env;
  readonly clock: Clock;
  readonly dir: string;
}): Promise<ConnectionConfig> {
  const { env, clock, dir } = options;
  const host = env.KUBERNETES_SERVICE_HOST ?? "";
  const ca = await mounted(dir, "ca.crt");
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT}`,
    tls: { ca },
    credentials: tokenFileCredentials({ path: join(dir, "token"), what: "the pod's service account", clock }),
    namespace: (await mounted(dir, "namespace").catch(() => "default")).trim(), // only a default for commands
  };
}

function mounted(dir: string, name: string): Promise<string> {
  return readFile(join(dir, name), "utf8").catch((error: NodeJS.ErrnoException) => {
    const remedy = "see that the pod has automountServiceAccountToken, or give --kubeconfig";
    throw new Failure(
      "notFound",
      `this looks like a pod, but ${join(dir, name)} cannot be read (${error.code}); ${remedy}`,
    );
  });
}
