import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Permission, type Process, permissions } from "../../../src/api/permissions.ts";

/** One request of a service account, as the API server's audit log has it. */
export interface Request {
  readonly account: string;
  readonly verb: string;
  readonly group: string;
  /** With its subresource: "persistentvolumeclaims/status". */
  readonly resource: string;
  readonly name: string | undefined;
  readonly isDenied: boolean;
}

/** The requests of the service accounts of a namespace go to a file in this folder. */
export interface Audit {
  readonly flags: readonly string[];
  read(): readonly Request[];
}

export function auditIn(folder: string, namespace: string): Audit {
  const [policy, log] = [join(folder, "audit.yaml"), join(folder, "audit.log")];
  const rules = [{ level: "Metadata", userGroups: [`system:serviceaccounts:${namespace}`] }, { level: "None" }];
  writeFileSync(policy, JSON.stringify({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules }));
  return {
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`],
    read: () => (existsSync(log) ? readFileSync(log, "utf8") : "").split("\n").flatMap((line) => requestOf(line)),
  };
}

interface AuditEvent {
  readonly stage: string;
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource: string;
    readonly subresource?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code: number };
}

/** The line that is being written as we read has no end yet: it counts the next time. */
function requestOf(line: string): readonly Request[] {
  if (!line.endsWith("}")) return [];
  const { stage, user, verb, objectRef, responseStatus } = JSON.parse(line) as AuditEvent; // by the API server
  if (!objectRef || stage === "RequestReceived") return [];
  const { apiGroup = "", resource, subresource, name } = objectRef;
  return [
    {
      account: user.username.split(":").at(-1) ?? "",
      verb,
      group: apiGroup,
      resource: subresource ? `${resource}/${subresource}` : resource,
      name,
      isDenied: responseStatus?.code === 403,
    },
  ];
}

/** What was refused: "snapshot-controller: patch persistentvolumeclaims". */
export function deniedOf(requests: readonly Request[]): readonly string[] {
  return [...new Set(requests.filter(({ isDenied }) => isDenied).map((r) => wordsFor(r.account, r)))].sort();
}

/** What processes may do and did not, in the same words. */
export function unusedOf(requests: readonly Request[], processes: readonly Process[]): readonly string[] {
  const used = new Set(requests.filter(({ isDenied }) => !isDenied).map((r) => wordsFor(r.account, r)));
  return allowedTo(processes).filter((words) => !used.has(words));
}

/** All that processes may do, in the same words. */
export function allowedTo(processes: readonly Process[]): readonly string[] {
  return processes
    .flatMap((process) => {
      const parts = Object.values(permissions[process]).flat();
      return parts.flatMap((permission: Permission) => allowed(process, permission));
    })
    .sort();
}

function allowed(process: Process, { on, subresource, verbs }: Permission): readonly string[] {
  const resource = subresource ? `${on.plural}/${subresource}` : on.plural;
  return verbs.map((verb) => wordsFor(process, { verb, group: on.group, resource }));
}

const wordsFor = (account: string, { verb, group, resource }: Pick<Request, "verb" | "group" | "resource">) =>
  `${account}: ${verb} ${group ? `${group}/` : ""}${resource}`;
