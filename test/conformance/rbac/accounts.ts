import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Process, permissions } from "../../../src/api/permissions.ts";
import {
  type Account,
  bindingOf,
  capacityBindingOf,
  distributedBindingOf,
  leaderBindingOf,
  rolesOf,
  secretsBindingOf,
  serviceAccount,
} from "../../../src/api/rbac.ts";
import type { KubeClient } from "../../../src/kube/client/kube-client.ts";
import type { JsonObject } from "../../../src/lib/json.ts";
import type { KubeApiserver } from "../../../src/testing/kube-apiserver.ts";

/** All that a process is given by its table, as objects to apply; its account has the process's own name. */
export function accessOf(
  process: Process,
  where: { readonly namespace: string; readonly secretsIn: string },
): readonly JsonObject[] {
  const account: Account = { name: process, namespace: where.namespace };
  const { leader, distributed, capacity, secrets } = permissions[process];
  return [
    serviceAccount(account),
    ...rolesOf(process),
    bindingOf(process, account),
    ...(leader.length > 0 ? [leaderBindingOf(process, account)] : []),
    ...(distributed.length > 0 ? [distributedBindingOf(process, account)] : []),
    ...(capacity.length > 0 ? [capacityBindingOf(process, account)] : []),
    ...(secrets.length > 0 ? [secretsBindingOf(process, account, where.secretsIn)] : []),
  ].map(({ object }) => object);
}

/** Writes a kubeconfig with a token of the service account, as a pod would have it. @returns its path */
export async function kubeconfigOf(
  { name, namespace }: Account,
  at: { readonly client: KubeClient; readonly api: KubeApiserver; readonly folder: string },
): Promise<string> {
  const answer = await at.client.raw({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
    signal: AbortSignal.timeout(30_000),
  });
  const { status } = answer as { readonly status: { readonly token: string } }; // by the API server
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    clusters: [
      {
        name: "c",
        cluster: {
          server: at.api.url,
          "certificate-authority-data": Buffer.from(at.api.caPem).toString("base64"),
        },
      },
    ],
    users: [{ name: "c", user: { token: status.token } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "c", namespace } }],
  };
  const path = join(at.folder, `${name}.kubeconfig`);
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}
