import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Daemon } from "../../src/lib/daemon.ts";

/** What an API server was asked, by whom: its own audit log. */
export interface Audit {
  /** For kube-apiserver, so that it writes the log. */
  readonly flags: readonly string[];
  /** The writes that a user has tried, as "create volumesnapshotcontents", but for those of the election. */
  writesOf(user: string): readonly string[];
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly impersonatedUser?: { readonly username: string };
  readonly objectRef?: { readonly resource: string };
}

const policy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "Metadata" }],
};
const writes = ["create", "update", "patch", "delete", "deletecollection"];

export function auditIn(folder: string): Audit {
  const [policyPath, logPath] = [join(folder, "policy.json"), join(folder, "audit.log")];
  writeFileSync(policyPath, JSON.stringify(policy));
  const events = () =>
    readFileSync(logPath, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as AuditEvent);
  return {
    flags: [`--audit-policy-file=${policyPath}`, `--audit-log-path=${logPath}`, "--audit-log-mode=blocking"],
    writesOf: (user) =>
      events()
        .filter(({ verb, impersonatedUser }) => impersonatedUser?.username === user && writes.includes(verb))
        .filter(({ objectRef }) => objectRef?.resource !== "leases")
        .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`),
  };
}

/** A cluster admin's kubeconfig under a name of its own, by which the audit log tells a replica from the others. */
export function kubeconfigAs(user: string, admin: { readonly kubeconfigPath: string }, folder: string): string {
  const config = JSON.parse(readFileSync(admin.kubeconfigPath, "utf8")) as { users: { user: object }[] };
  const users = config.users.map((each) => ({
    ...each,
    user: { ...each.user, as: user, "as-groups": ["system:masters"] },
  }));
  const path = join(folder, `${user}.kubeconfig`);
  writeFileSync(path, JSON.stringify({ ...config, users }), { mode: 0o600 });
  return path;
}

/** Whether a process is still there, stopped or not. */
export function isAlive({ pid }: Daemon): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
