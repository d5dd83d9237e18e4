import type { JsonObject } from "../../../lib/json.ts";
import { objectAt, objectsAt, textAt } from "../../kinds/read.ts";
import { collectionOf } from "../../registry.ts";
import type { Change } from "../../store/collection.ts";
import type { Store } from "../../store/store.ts";
import { adminGroup, type User } from "../authenticate.ts";
import type { Authorizer, Verdict } from "../authorize.ts";
import { type Deed, resourceText } from "../deed.ts";
import { serviceAccountName } from "../service-accounts/names.ts";
import { allows, type PolicyRule, rulesOf } from "./rule.ts";

export const rbacGroup = "rbac.authorization.k8s.io";
export const clusterRolesId = collectionOf(rbacGroup, "clusterroles");
const rolesId = collectionOf(rbacGroup, "roles");
const clusterBindingsId = collectionOf(rbacGroup, "clusterrolebindings");
const bindingsId = collectionOf(rbacGroup, "rolebindings");
const ids = [clusterRolesId, rolesId, clusterBindingsId, bindingsId];

/** What every user may do, by the roles and bindings that are committed. */
export interface Grants {
  readonly authorize: Authorizer;
  /** Every rule that holds for a user in a namespace ("" for the cluster), and why some may be missing. */
  rulesFor(user: User, namespace: string): { readonly rules: readonly PolicyRule[]; readonly problem?: string };
  /** The rules of the role that a binding in `namespace` gives; undefined if there is no such role. */
  rulesOfRole(roleRef: JsonObject, namespace: string): readonly PolicyRule[] | undefined;
}

/** Users are many where impersonation makes them up; those seen last are kept. */
const usersLimit = 1000;

/**
 * Follows roles and bindings in the store. What a user may do is gathered once, and gathered anew when any of them changes.
 */
export function openGrants(store: Store): Grants {
  const roles = new Roles();
  for (const id of ids) for (const stored of store.collection(id).list()) roles.set(id, stored.object);
  let users = new Map<string, Held>();
  store.onCommit((changes) => {
    const own = changes.filter(({ collection }) => ids.includes(collection));
    for (const change of own) roles.apply(change);
    if (own.length > 0) users = new Map();
  });
  const held = (user: User): Held => {
    const key = JSON.stringify([user.name, user.groups]);
    const known = users.get(key);
    if (known) return known;
    if (users.size >= usersLimit) users.delete(users.keys().next().value ?? "");
    const fresh = roles.heldBy(user);
    users.set(key, fresh);
    return fresh;
  };
  return {
    authorize: (user, deed) => (user.groups.includes(adminGroup) ? { allowed: true } : held(user).verdict(deed)),
    rulesFor: (user, namespace) => {
      const all = user.groups.includes(adminGroup) ? [everything] : [];
      const { rules, problem } = held(user).rulesIn(namespace);
      return { rules: [...all, ...rules], ...(problem && { problem }) };
    },
    rulesOfRole: (roleRef, namespace) => roles.rules(roleKey(roleRef, namespace)),
  };
}

const everything: PolicyRule = {
  verbs: ["*"],
  apiGroups: ["*"],
  resources: ["*"],
  resourceNames: [],
  nonResourceURLs: ["*"],
};

interface Binding {
  readonly namespace: string;
  readonly role: string;
  /** Begins the reason of what it allows. */
  readonly by: string;
  readonly problem: string;
}

interface Grant {
  readonly rule: PolicyRule;
  readonly reason: string;
}

/** Roles by where they are, and bindings by whom they are for. */
class Roles {
  readonly #rules = new Map<string, readonly PolicyRule[]>();
  readonly #bindings = new Map<string, JsonObject>();
  #bySubject: Map<string, Binding[]> | undefined;

  apply({ collection, type, stored }: Change): void {
    if (type === "DELETED") this.#delete(collection, stored.object);
    else this.set(collection, stored.object);
  }

  set(collection: string, object: JsonObject): void {
    this.#bySubject = undefined;
    const key = keyOf(collection, object);
    if (isRole(collection)) this.#rules.set(key, rulesOf(object));
    else this.#bindings.set(key, object);
  }

  #delete(collection: string, object: JsonObject): void {
    this.#bySubject = undefined;
    (isRole(collection) ? this.#rules : this.#bindings).delete(keyOf(collection, object));
  }

  rules(role: string): readonly PolicyRule[] | undefined {
    return this.#rules.get(role);
  }

  heldBy(user: User): Held {
    this.#bySubject ??= bySubject(this.#bindings);
    const held = new Held();
    const subjects = [`User ${user.name}`, ...user.groups.map((group) => `Group ${group}`)];
    for (const subject of subjects)
      for (const { namespace, role, by, problem } of this.#bySubject.get(subject) ?? []) {
        const rules = this.#rules.get(role);
        if (!rules) held.miss(namespace, problem);
        for (const rule of rules ?? []) held.add(namespace, { rule, reason: by });
      }
    return held;
  }
}

const isRole = (collection: string) => collection === rolesId || collection === clusterRolesId;

const keyOf = (collection: string, object: JsonObject) =>
  `${collection} ${textAt(object, "metadata", "namespace")} ${textAt(object, "metadata", "name")}`;

function roleKey(roleRef: JsonObject, namespace: string): string {
  const name = textAt(roleRef, "name");
  return textAt(roleRef, "kind") === "ClusterRole" ? `${clusterRolesId}  ${name}` : `${rolesId} ${namespace} ${name}`;
}

function bySubject(bindings: ReadonlyMap<string, JsonObject>): Map<string, Binding[]> {
  const found = new Map<string, Binding[]>();
  for (const object of bindings.values())
    for (const subject of objectsAt(object, "subjects")) {
      const key = subjectKey(subject, textAt(object, "metadata", "namespace"));
      found.set(key, [...(found.get(key) ?? []), bindingOf(object, subject)]);
    }
  return found;
}

/** @param namespace the binding's, in which a service account is that names none */
function subjectKey(subject: JsonObject, namespace: string): string {
  const name = textAt(subject, "name");
  if (subject.kind === "ServiceAccount")
    return `User ${serviceAccountName({ namespace: textAt(subject, "namespace") || namespace, name })}`;
  return `${textAt(subject, "kind")} ${name}`;
}

function bindingOf(object: JsonObject, subject: JsonObject): Binding {
  const namespace = textAt(object, "metadata", "namespace");
  const name = textAt(object, "metadata", "name");
  const roleRef = objectAt(object, "roleRef");
  const role = `${textAt(roleRef, "kind")} ${JSON.stringify(textAt(roleRef, "name"))}`;
  const what = namespace === "" ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;
  const inNamespace = subject.kind === "ServiceAccount" ? `/${textAt(subject, "namespace")}` : "";
  const whom = `${textAt(subject, "kind")} "${textAt(subject, "name")}${inNamespace}"`;
  const kind = textAt(roleRef, "kind").toLowerCase();
  return {
    namespace,
    role: roleKey(roleRef, namespace),
    by: `RBAC: allowed by ${what} of ${role} to ${whom}`,
    problem: `${kind}.${rbacGroup} "${textAt(roleRef, "name")}" not found`,
  };
}

interface Scope {
  /** By resource, as the rule names it; so that a request looks at few of many rules. */
  readonly byResource: Map<string, Grant[]>;
  readonly onPaths: Grant[];
  readonly all: Grant[];
  readonly problems: string[];
}

/** What one user may do, by namespace; "" is everywhere. */
class Held {
  readonly #scopes = new Map<string, Scope>();

  add(namespace: string, grant: Grant): void {
    const scope = this.#scope(namespace);
    scope.all.push(grant);
    if (namespace === "" && grant.rule.nonResourceURLs.length > 0) scope.onPaths.push(grant);
    for (const resource of grant.rule.resources) {
      const grants = scope.byResource.get(resource);
      if (grants) grants.push(grant);
      else scope.byResource.set(resource, [grant]);
    }
  }

  miss(namespace: string, problem: string): void {
    this.#scope(namespace).problems.push(problem);
  }

  verdict(deed: Deed): Verdict {
    const scopes = this.#scopesOf(deed.on === "resource" ? deed.namespace : "");
    for (const scope of scopes) {
      const grant = candidates(scope, deed).find(({ rule }) => allows(rule, deed));
      if (grant) return { allowed: true, reason: grant.reason };
    }
    const problem = problemOf(scopes);
    return { allowed: false, ...(problem && { reason: `rbac: RBAC: ${problem}` }) };
  }

  rulesIn(namespace: string): { readonly rules: readonly PolicyRule[]; readonly problem: string } {
    const scopes = this.#scopesOf(namespace);
    return { rules: scopes.flatMap(({ all }) => all.map(({ rule }) => rule)), problem: problemOf(scopes) };
  }

  #scope(namespace: string): Scope {
    const known = this.#scopes.get(namespace);
    if (known) return known;
    const scope: Scope = { byResource: new Map(), onPaths: [], all: [], problems: [] };
    this.#scopes.set(namespace, scope);
    return scope;
  }

  #scopesOf(namespace: string): readonly Scope[] {
    const names = namespace === "" ? [""] : ["", namespace];
    return names.flatMap((name) => this.#scopes.get(name) ?? []);
  }
}

function candidates(scope: Scope, deed: Deed): readonly Grant[] {
  if (deed.on === "path") return scope.onPaths;
  const names = [resourceText(deed), "*", ...(deed.subresource === "" ? [] : [`*/${deed.subresource}`])];
  return names.flatMap((name) => scope.byResource.get(name) ?? []);
}

function problemOf(scopes: readonly Scope[]): string {
  const problems = [...new Set(scopes.flatMap((scope) => scope.problems))];
  return problems.length > 1 ? `[${problems.join(", ")}]` : (problems[0] ?? "");
}
