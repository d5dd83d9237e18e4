import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Random } from "../../../lib/random.ts";
import { serviceAccountDir } from "../../client/in-cluster.ts";

/** A name as csi-lib-utils makes it fit for a lease: what is no letter, digit or dash becomes a dash; none at the end. */
export function sanitized(name: string): string {
  const plain = name.replaceAll(/[^a-zA-Z0-9-]/g, "-");
  return plain.endsWith("-") ? `${plain}X` : plain;
}

/** The host name, and chance behind it: two processes on one host, or one that was restarted, are two candidates. */
export function candidateIdentity(random: Random): string {
  return sanitized(`${hostname()}-${random.uuid().slice(0, 8)}`);
}

/** The namespace of leases where no flag names one, found as csi-lib-utils finds it: that of the pod, or "default". */
export function podNamespace(env: NodeJS.ProcessEnv = process.env, dir = serviceAccountDir): string {
  return env.POD_NAMESPACE || mountedNamespace(dir) || "default";
}

function mountedNamespace(dir: string): string | undefined {
  try {
    return readFileSync(join(dir, "namespace"), "utf8").trim();
  } catch {
    return undefined; // not a pod
  }
}
