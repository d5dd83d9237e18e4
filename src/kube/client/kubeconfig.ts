import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import type { ConnectionConfig, TlsSettings } from "./connection.ts";
import { credentialsOf } from "./credentials.ts";
import { inClusterConfig, isInCluster, serviceAccountDir } from "./in-cluster.ts";
import { type Kubeconfig, mergeKubeconfigs, readKubeconfig, type Section } from "./kubeconfig-file.ts";

export interface LoadOptions {
  /** A kubeconfig file that must be there; without it KUBECONFIG, then ~/.kube/config, then the pod's service account. */
  readonly kubeconfig?: string | undefined;
  /** The context to use instead of the current one. */
  readonly context?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** Where a pod's service account is mounted. */
  readonly serviceAccountDir?: string;
}

/**
 * Where the API server is and how to log in there, found the way kubectl finds it.
 *
 * @throws Failure "notFound" or "invalid" that names the file, the field and what to do; never with a secret in it
 */
export async function loadConfig(options: LoadOptions = {}): Promise<ConnectionConfig> {
  const { env = process.env, clock = systemClock } = options;
  const files = filesToRead(options.kubeconfig, env);
  const found = options.kubeconfig ? files : files.filter((file) => existsSync(file));
  if (found.length > 0) {
    const merged = mergeKubeconfigs(found.map(readKubeconfig));
    return configOf(merged, options.context, { env, clock });
  }
  if (isInCluster(env)) return inClusterConfig({ env, clock, dir: options.serviceAccountDir ?? serviceAccountDir });
  throw new Failure(
    "notFound",
    `no cluster to talk to: there is no ${files.join(", ")} and this is not a pod; give --kubeconfig FILE or set KUBECONFIG`,
  );
}

function filesToRead(kubeconfig: string | undefined, env: Readonly<Record<string, string | undefined>>): string[] {
  if (kubeconfig) return [kubeconfig];
  const listed = (env.KUBECONFIG ?? "").split(delimiter).filter((path) => path !== "");
  return listed.length > 0 ? [...new Set(listed)] : [join(env.HOME ?? homedir(), ".kube", "config")];
}

interface LoadDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

async function configOf(kubeconfig: Kubeconfig, wanted: string | undefined, deps: LoadDeps): Promise<ConnectionConfig> {
  const where = kubeconfig.files.join(", ");
  const contextName = wanted ?? kubeconfig.currentContext;
  if (!contextName)
    throw new Failure(
      "invalid",
      `${where}: current-context is not set; run \`kubectl config use-context NAME\` or give --context`,
    );
  const context = entry(kubeconfig.contexts, "context", contextName, where);
  const clusterName = context.text("cluster");
  if (!clusterName) throw new Failure("invalid", `${context.name} names no cluster`);
  const cluster = entry(kubeconfig.clusters, "cluster", clusterName, where);
  const userName = context.text("user");
  const user = userName ? entry(kubeconfig.users, "user", userName, where) : undefined;
  const tls = tlsOf(cluster);
  return {
    server: serverOf(cluster),
    tls,
    credentials: credentialsOf(user, { ...deps, server: serverOf(cluster), tls }),
    namespace: context.text("namespace") ?? "default",
  };
}

function entry(sections: ReadonlyMap<string, Section>, kind: string, name: string, where: string): Section {
  const section = sections.get(name);
  if (section) return section;
  const known = [...sections.keys()].map((each) => `"${each}"`).join(", ") || "none";
  throw new Failure("invalid", `${where}: there is no ${kind} "${name}"; it has: ${known}`);
}

function serverOf(cluster: Section): string {
  const server = cluster.text("server");
  if (!server) throw new Failure("invalid", `${cluster.name} has no server; it must be https://host:port`);
  if (!URL.canParse(server) || !/^https?:/.test(server))
    throw new Failure("invalid", `${cluster.name}: server "${server}" is not a URL; it must be https://host:port`);
  if (cluster.text("proxy-url"))
    throw new Failure(
      "unimplemented",
      `${cluster.name}: proxy-url is not supported; use a cluster entry that connects directly`,
    );
  return server;
}

function tlsOf(cluster: Section): TlsSettings {
  const ca = cluster.dataOrFile("certificate-authority");
  const serverName = cluster.text("tls-server-name");
  const insecure = cluster.flag("insecure-skip-tls-verify");
  if (insecure && ca)
    throw new Failure(
      "invalid",
      `${cluster.name}: certificate-authority and insecure-skip-tls-verify exclude each other; remove one`,
    );
  return { ...(ca !== undefined && { ca }), ...(insecure && { insecure }), ...(serverName && { serverName }) };
}
