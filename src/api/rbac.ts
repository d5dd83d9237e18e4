import type { JsonObject } from "../lib/json.ts";
import { type Permission, type Process, permissions } from "./permissions.ts";

/** An object for a cluster; of a role, why each of its rules is there. */
export interface AccessObject {
  readonly object: JsonObject;
  readonly whys: readonly string[];
}

/** Who a process runs as. */
export interface Account {
  readonly name: string;
  readonly namespace: string;
}

const apiGroup = "rbac.authorization.k8s.io";
const head = (kind: string, metadata: JsonObject) => ({ apiVersion: `${apiGroup}/v1`, kind, metadata });

/** A permission as RBAC writes it down. */
export function ruleOf({ on, subresource, names, verbs }: Permission): JsonObject {
  return {
    apiGroups: [on.group],
    resources: [subresource ? `${on.plural}/${subresource}` : on.plural],
    ...(names && { resourceNames: names }),
    verbs,
  };
}

export const clusterRoleName = (process: Process) => `groupsnap-${process}`;

/** The roles of a process: what it may do anywhere, and in parts what only some need; each is bound where it is needed. */
export function rolesOf(process: Process): readonly AccessObject[] {
  const { cluster, ...parts } = permissions[process];
  const name = clusterRoleName(process);
  return [
    role(name, cluster),
    ...Object.entries(parts).flatMap(([part, rules]) => (rules.length > 0 ? [role(`${name}-${part}`, rules)] : [])),
  ];
}

export function serviceAccount(account: Account): AccessObject {
  return plain({ apiVersion: "v1", kind: "ServiceAccount", metadata: { ...account } });
}

/** Lets an account do what the process does anywhere. */
export function bindingOf(process: Process, account: Account): AccessObject {
  const name = clusterRoleName(process);
  return binding("ClusterRoleBinding", { metadata: { name }, role: name, account });
}

/** Lets an account do anywhere what --enable-distributed-snapshotting takes. */
export function distributedBindingOf(process: Process, account: Account): AccessObject {
  const name = `${clusterRoleName(process)}-distributed`;
  return binding("ClusterRoleBinding", { metadata: { name }, role: name, account });
}

/** Lets an account compete in its own namespace. */
export function leaderBindingOf(process: Process, account: Account): AccessObject {
  const name = `${clusterRoleName(process)}-leader`;
  return binding("RoleBinding", { metadata: { name, namespace: account.namespace }, role: name, account });
}

/** Lets an account tell in its own namespace how much room there is. */
export function capacityBindingOf(process: Process, account: Account): AccessObject {
  const name = `${clusterRoleName(process)}-capacity`;
  return binding("RoleBinding", { metadata: { name, namespace: account.namespace }, role: name, account });
}

/** Lets an account read the secrets of a namespace. */
export function secretsBindingOf(process: Process, account: Account, namespace: string): AccessObject {
  const name = `${clusterRoleName(process)}-secrets`;
  return binding("RoleBinding", { metadata: { name, namespace }, role: name, account });
}

function binding(
  kind: "RoleBinding" | "ClusterRoleBinding",
  of: { readonly metadata: JsonObject; readonly role: string; readonly account: Account },
): AccessObject {
  const roleRef = { apiGroup, kind: "ClusterRole", name: of.role };
  return plain({ ...head(kind, of.metadata), roleRef, subjects: [{ kind: "ServiceAccount", ...of.account }] });
}

const plain = (object: JsonObject): AccessObject => ({ object, whys: [] });

function role(name: string, rules: readonly Permission[]): AccessObject {
  return { object: { ...head("ClusterRole", { name }), rules: rules.map(ruleOf) }, whys: rules.map(({ why }) => why) };
}
