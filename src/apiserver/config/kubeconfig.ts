import { writePrivate } from "../auth/credentials.ts";

export interface KubeconfigParts {
  readonly url: string;
  readonly caPem: string;
  readonly clientCertPem: string;
  readonly clientKeyPem: string;
  readonly token: string;
}

/** Writes a kubeconfig that needs nothing beside itself: one context with a client certificate, one with a token. */
export function writeKubeconfig(path: string, parts: KubeconfigParts): void {
  writePrivate(path, `${JSON.stringify(kubeconfigOf(parts), undefined, 2)}\n`);
}

/** JSON is YAML: kubectl and client-go read it, and nothing has to be quoted by rules of its own. */
function kubeconfigOf({ url, caPem, clientCertPem, clientKeyPem, token }: KubeconfigParts) {
  const context = (name: string, user: string) => ({
    name,
    context: { cluster: "groupsnap", user, namespace: "default" },
  });
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "groupsnap",
    clusters: [{ name: "groupsnap", cluster: { server: url, "certificate-authority-data": base64(caPem) } }],
    users: [
      {
        name: "groupsnap-admin",
        user: { "client-certificate-data": base64(clientCertPem), "client-key-data": base64(clientKeyPem) },
      },
      { name: "groupsnap-token", user: { token } },
    ],
    contexts: [context("groupsnap", "groupsnap-admin"), context("groupsnap-token", "groupsnap-token")],
  };
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
