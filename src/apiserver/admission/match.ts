import { matches } from "../../kube/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { Kind } from "../kinds/kind.ts";
import { objectAt } from "../kinds/read.ts";
import type { ReviewedWrite } from "../verbs/verb.ts";
import type { Hook, Rule } from "./hooks.ts";

export type Operation = "CREATE" | "UPDATE" | "DELETE";

export const operationOf = ({ object, old }: ReviewedWrite): Operation =>
  object === undefined ? "DELETE" : old === undefined ? "CREATE" : "UPDATE";

/** What there is beside the write itself. */
export interface Around {
  /** The versions in which a resource is served, the write's own among them. */
  versionsOf(kind: Kind): readonly Kind[];
  /** The labels of a namespace; undefined if there is none of that name. */
  namespaceLabels(name: string): Labels | undefined;
}

type Labels = Readonly<Record<string, string>>;

/** The kind in whose version a hook wants to see a write, or undefined if it does not concern the hook. */
export function matchedKind(hook: Hook, write: ReviewedWrite, around: Around): Kind | undefined {
  const { kind } = write.target.served;
  const resource = write.subresource === undefined ? kind.plural : `${kind.plural}/${write.subresource}`;
  const wants = (one: Kind) =>
    hook.rules.some((rule) => isRuled(rule, one, { resource, operation: operationOf(write) }));
  const candidates = hook.matchesEquivalent ? [kind, ...around.versionsOf(kind)] : [kind];
  const found = candidates.find(wants);
  return found && isSelected(hook, write, around) ? found : undefined;
}

const hasOrAll = (list: readonly string[], item: string) => list.includes(item) || list.includes("*");

function isRuled(rule: Rule, kind: Kind, what: { readonly resource: string; readonly operation: Operation }): boolean {
  return (
    hasOrAll(rule.operations, what.operation) &&
    hasOrAll(rule.apiGroups, kind.group) &&
    hasOrAll(rule.apiVersions, kind.version) &&
    rule.resources.some((pattern) => isResource(pattern, what.resource)) &&
    (rule.scope === "*" || (rule.scope === "Namespaced") === kind.namespaced)
  );
}

/** `pods`, `pods/status`, `pods/*`, `*` for all without a subresource, and those of any resource likewise. */
function isResource(pattern: string, resource: string): boolean {
  const [name = "", sub = ""] = resource.split("/");
  const [wantedName = "", wantedSub = ""] = pattern.split("/");
  return (wantedName === "*" || wantedName === name) && (wantedSub === sub || wantedSub === "*");
}

function isSelected(hook: Hook, { target, object, old }: ReviewedWrite, around: Around): boolean {
  const labels = [object, old].flatMap((one) => (one ? [labelsOf(one)] : []));
  if (!labels.some((one) => matches(hook.objectSelector, one))) return false;
  const isNamespace = target.served.collection === "/namespaces";
  if (isNamespace) return labels.some((one) => matches(hook.namespaceSelector, one));
  if (target.namespace === undefined) return true;
  return matches(hook.namespaceSelector, around.namespaceLabels(target.namespace) ?? {});
}

const labelsOf = (object: JsonObject) => objectAt(object, "metadata", "labels") as Labels; // checked, or about to be
