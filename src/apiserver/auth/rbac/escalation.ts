import { equalJson, type JsonObject } from "../../../lib/json.ts";
import { objectAt, textAt } from "../../kinds/read.ts";
import { forbidden, notFound } from "../../status.ts";
import type { Review } from "../../verbs/verb.ts";
import type { User } from "../authenticate.ts";
import type { ResourceDeed } from "../deed.ts";
import { type Grants, rbacGroup } from "./grants.ts";
import { missingFrom, type PolicyRule, rulesOf, ruleText } from "./rule.ts";

/** A role or binding that is about to be written. */
interface RbacWrite {
  readonly plural: string;
  readonly object: JsonObject;
  /** What is stored now; absent on create. */
  readonly old: JsonObject | undefined;
}

/** Looks at what a user writes: roles and bindings must not give more than the user has. */
export const rbacReview = (grants: Grants, user: User): Review => ({
  changed: ({ object }) => object,
  check({ target, object, old }) {
    const { group, plural } = target.served.kind;
    if (group === rbacGroup && object) checkEscalation(grants, user, { plural, object, old });
  },
});

/**
 * Nobody gives, by a role or by a binding, what they do not have: unless they hold the verb `escalate` on the role, or
 * `bind` on the role that the binding gives.
 *
 * @throws Failure "forbidden" that lists what is missing; "notFound" for a binding's role that does not exist
 */
function checkEscalation(grants: Grants, user: User, write: RbacWrite): void {
  if (write.old && changesOnlyOwners(write.old, write.object)) return;
  if (write.plural === "roles" || write.plural === "clusterroles") checkRole(grants, user, write);
  else checkBinding(grants, user, write);
}

/** Garbage collection takes owners and finalizers off without having what the role gives. */
function changesOnlyOwners(old: JsonObject, object: JsonObject): boolean {
  const bare = (one: JsonObject): JsonObject => {
    const metadata = Object.entries(objectAt(one, "metadata")).filter(([field]) => !ofCollection.has(field));
    return { ...one, metadata: Object.fromEntries(metadata) };
  };
  return equalJson(bare(old), bare(object));
}

const ofCollection = new Set(["ownerReferences", "finalizers", "managedFields", "generation"]);

function checkRole(grants: Grants, user: User, { plural, object }: RbacWrite): void {
  if (mayDo(grants, user, { verb: "escalate", plural, object })) return;
  const { namespace, name } = whereIs(object);
  const held = grants.rulesFor(user, namespace).rules;
  const isAll = missingFrom(held, everything).length === 0;
  if (objectAt(object, "aggregationRule").clusterRoleSelectors !== undefined && !isAll)
    throw forbidden({ ...rbac, plural }, name, "must have cluster-admin privileges to use the aggregationRule");
  refuseMissing({ plural, name }, user, missingFrom(held, rulesOf(object)));
}

function checkBinding(grants: Grants, user: User, { plural, object }: RbacWrite): void {
  const roleRef = objectAt(object, "roleRef");
  const { namespace, name } = whereIs(object);
  const rolePlural = textAt(roleRef, "kind") === "ClusterRole" ? "clusterroles" : "roles";
  const role = { metadata: { namespace, name: textAt(roleRef, "name") } };
  if (mayDo(grants, user, { verb: "bind", plural: rolePlural, object: role })) return;
  const given = grants.rulesOfRole(roleRef, namespace);
  if (!given) throw notFound({ ...rbac, plural }, role.metadata.name); // of the binding's kind, as kube-apiserver has it
  refuseMissing({ plural, name }, user, missingFrom(grants.rulesFor(user, namespace).rules, given));
}

const rbac = { group: rbacGroup, kind: "" };

const everything: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"], resourceNames: [], nonResourceURLs: [] },
  { verbs: ["*"], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ["*"] },
];

const whereIs = (object: JsonObject) => ({
  namespace: textAt(object, "metadata", "namespace"),
  name: textAt(object, "metadata", "name"),
});

interface SpecialVerb {
  readonly verb: string;
  readonly plural: string;
  readonly object: JsonObject;
}

function mayDo({ authorize }: Grants, user: User, { verb, plural, object }: SpecialVerb): boolean {
  const deed: ResourceDeed = {
    on: "resource",
    verb,
    group: rbacGroup,
    resource: plural,
    subresource: "",
    ...whereIs(object),
  };
  return authorize(user, deed).allowed;
}

function refuseMissing(
  { plural, name }: { readonly plural: string; readonly name: string },
  user: User,
  missing: readonly PolicyRule[],
): void {
  if (missing.length === 0) return;
  const groups = user.groups.map((group) => JSON.stringify(group)).join(" ");
  const lines = missing.map(ruleText).sort();
  const who = `user ${JSON.stringify(user.name)} (groups=[${groups}])`;
  const why = `${who} is attempting to grant RBAC permissions not currently held:\n${lines.join("\n")}`;
  throw forbidden({ ...rbac, plural }, name, why);
}
