import { matches } from "../../../kube/object.ts";
import { assert } from "../../../lib/assert.ts";
import { equalJson, type Json, type JsonObject, stringifyJson } from "../../../lib/json.ts";
import { listAt, objectAt, objectsAt } from "../../kinds/read.ts";
import type { Stored } from "../../store/stored.ts";
import { rewrite } from "../../verbs/rewrite.ts";
import type { Api } from "../../verbs/verb.ts";
import { clusterRolesId } from "./grants.ts";

/** Keeps the rules of cluster roles with an aggregationRule those of all roles that it selects. */
export function aggregateRoles(api: Api): void {
  const aggregate = () => {
    const roles = api.store.collection(clusterRolesId).list();
    for (const role of roles) if (role.object.aggregationRule !== undefined) refresh(api, role, roles);
  };
  aggregate();
  api.store.onCommit((changes) => {
    if (changes.some(({ collection }) => collection === clusterRolesId)) aggregate();
  });
}

function refresh(api: Api, role: Stored, roles: readonly Stored[]): void {
  const rules = gathered(role, roles);
  if (equalJson(rules, listAt(role.object, "rules"))) return;
  const served = api.registry.ofCollection(clusterRolesId);
  assert(served, "cluster roles are a built-in kind");
  rewrite(api, served, role, { ...role.object, rules });
}

function gathered(role: Stored, roles: readonly Stored[]): readonly Json[] {
  const selectors = objectsAt(objectAt(role.object, "aggregationRule"), "clusterRoleSelectors");
  const rules = new Map<string, Json>();
  for (const other of roles)
    if (other.key.name !== role.key.name && selectors.some((selector) => isSelected(other, selector)))
      for (const rule of listAt(other.object, "rules")) rules.set(stringifyJson(rule), rule);
  return [...rules.values()];
}

const isSelected = (role: Stored, selector: JsonObject) => matches(selector, role.metadata.labels ?? {}); // of the schema's shape
