import { assert } from "../../../lib/assert.ts";
import { equalJson, type Json, type JsonObject } from "../../../lib/json.ts";
import { objectAt, textAt } from "../../kinds/read.ts";
import { collectionOf } from "../../registry.ts";
import { create } from "../../verbs/create.ts";
import { rewrite } from "../../verbs/rewrite.ts";
import { type Api, internalWrite } from "../../verbs/verb.ts";
import { clusterRolesId, rbacGroup } from "./grants.ts";
import { missingFrom, rulesOf } from "./rule.ts";

/** The roles every cluster has, as far as they speak of what this server serves; and to whom they are given. */

const autoupdate = "rbac.authorization.kubernetes.io/autoupdate";
const read = ["get", "list", "watch"];
const write = ["create", "delete", "deletecollection", "patch", "update"];
const workloads = ["deployments", "deployments/scale", "statefulsets", "statefulsets/scale"];
const healthPaths = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
const discoveryPaths = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", ...healthPaths];
const issuerPaths = ["/.well-known/openid-configuration", "/openid/v1/jwks"];

const on = (apiGroups: string | readonly string[], resources: readonly string[], verbs: readonly string[]) => ({
  apiGroups: [apiGroups].flat(),
  resources,
  verbs,
});
const get = (nonResourceURLs: readonly string[]) => ({ nonResourceURLs, verbs: ["get"] });

interface DefaultRole {
  readonly name: string;
  readonly rules?: readonly JsonObject[];
  /** Takes its rules from the roles that are labelled to go into it. */
  readonly isAggregated?: boolean;
  readonly goesInto?: string;
  /** Groups that have it everywhere. */
  readonly groups?: readonly string[];
}

const roles: readonly DefaultRole[] = [
  {
    name: "cluster-admin",
    rules: [on("*", ["*"], ["*"]), { nonResourceURLs: ["*"], verbs: ["*"] }],
    groups: ["system:masters"],
  },
  { name: "system:discovery", rules: [get(discoveryPaths)], groups: ["system:authenticated"] },
  {
    name: "system:public-info-viewer",
    rules: [get(healthPaths)],
    groups: ["system:authenticated", "system:unauthenticated"],
  },
  {
    name: "system:basic-user",
    rules: [
      on("authorization.k8s.io", ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"]),
      on("authentication.k8s.io", ["selfsubjectreviews"], ["create"]),
    ],
    groups: ["system:authenticated"],
  },
  {
    name: "system:service-account-issuer-discovery",
    rules: [get(issuerPaths.flatMap((path) => [path, `${path}/`]))],
    groups: ["system:serviceaccounts"],
  },
  {
    name: "system:auth-delegator",
    rules: [
      on("authentication.k8s.io", ["tokenreviews"], ["create"]),
      on("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
    ],
  },
  { name: "admin", isAggregated: true },
  { name: "edit", isAggregated: true, goesInto: "admin" },
  { name: "view", isAggregated: true, goesInto: "edit" },
  {
    name: "system:aggregate-to-admin",
    goesInto: "admin",
    rules: [
      on("authorization.k8s.io", ["localsubjectaccessreviews"], ["create"]),
      on(rbacGroup, ["rolebindings", "roles"], [...write, ...read]),
    ],
  },
  {
    name: "system:aggregate-to-edit",
    goesInto: "edit",
    rules: [
      on("", ["secrets"], read),
      on("", ["serviceaccounts"], ["impersonate"]),
      on("", ["configmaps", "events", "persistentvolumeclaims", "pods", "secrets", "serviceaccounts"], write),
      on("", ["serviceaccounts/token"], ["create"]),
      on("apps", workloads, write),
      on("coordination.k8s.io", ["leases"], [...write, ...read]),
    ],
  },
  {
    name: "system:aggregate-to-view",
    goesInto: "view",
    rules: [
      on("", ["configmaps", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "pods/status"], read),
      on("", ["namespaces", "namespaces/status", "serviceaccounts"], read),
      on(["", "events.k8s.io"], ["events"], read),
      on("apps", [...workloads, "deployments/status", "statefulsets/status"], read),
    ],
  },
];

/** Creates default roles and bindings that are missing, and gives roles the rules that came with a newer release. */
export function ensureDefaultRoles(api: Api): void {
  for (const role of roles) {
    ensure(api, "clusterroles", roleObject(role));
    if (role.groups) ensure(api, "clusterrolebindings", bindingObject(role.name, role.groups));
  }
}

const bootstrapped = { "kubernetes.io/bootstrapping": "rbac-defaults" };
const into = (role: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${role}`]: "true" });

function roleObject({ name, rules, isAggregated, goesInto }: DefaultRole): JsonObject {
  return {
    metadata: {
      name,
      annotations: { [autoupdate]: "true" },
      labels: { ...bootstrapped, ...(goesInto === undefined ? {} : into(goesInto)) },
    },
    ...(isAggregated ? { aggregationRule: { clusterRoleSelectors: [{ matchLabels: into(name) }] } } : {}),
    ...(rules ? { rules } : {}),
  };
}

const bindingObject = (name: string, groups: readonly string[]): JsonObject => ({
  metadata: { name, annotations: { [autoupdate]: "true" }, labels: bootstrapped },
  roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name },
  subjects: groups.map((group) => ({ apiGroup: rbacGroup, kind: "Group", name: group })),
});

function ensure(api: Api, plural: string, wanted: JsonObject): void {
  const served = api.registry.ofCollection(collectionOf(rbacGroup, plural));
  assert(served, `${plural} are a built-in kind`);
  const name = textAt(wanted, "metadata", "name");
  const stored = api.store.collection(served.collection).get({ namespace: "", name });
  if (!stored) return void create(api, { served }, wanted, internalWrite);
  if (objectAt(stored.object, "metadata", "annotations")[autoupdate] !== "true") return;
  if (served.collection !== clusterRolesId || wanted.rules === undefined) return;
  const missing = missingFrom(rulesOf(stored.object), rulesOf(wanted));
  if (missing.length === 0) return;
  const rules = [...((stored.object.rules ?? []) as readonly Json[]), ...missing.map(ruleObject)]; // admitted by the schema
  rewrite(api, served, stored, { ...stored.object, rules });
}

/** The rule without its empty lists. */
const ruleObject = (rule: object): JsonObject =>
  Object.fromEntries(Object.entries(rule).filter(([, items]) => !equalJson(items, []))) as JsonObject; // lists of texts
