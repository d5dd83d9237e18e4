import { equalJson, type JsonObject } from "../../lib/json.ts";
import { invalid, required } from "../schema/messages.ts";
import { ageColumn, column, createdColumn, nameColumn, wideColumn } from "./columns.ts";
import type { KindDefinition } from "./define.ts";
import { atomic, labelSelector, list, object, text, texts } from "./fields.ts";
import type { AdmitRequest, FieldError } from "./kind.ts";
import { pathSegmentProblem } from "./names.ts";
import { objectsAt, textAt, textsAt } from "./read.ts";

const group = "rbac.authorization.k8s.io";

const rules = list(
  "What may be done.",
  object(
    "Verbs on resources or paths.",
    {
      verbs: texts("get, list, watch, create, update, patch, delete ... or *."),
      apiGroups: texts("API groups; empty text for the core group, * for all."),
      resources: texts("Plural names, with /status and the like for subresources, or *."),
      resourceNames: texts("Only objects of these names."),
      nonResourceURLs: texts("Paths outside the API, such as /metrics."),
    },
    ["verbs"],
  ),
);

const subjects = list(
  "Who may.",
  atomic(
    object(
      "A user, a group or a service account.",
      {
        kind: text("User, Group or ServiceAccount."),
        apiGroup: text("Empty for service accounts."),
        name: text("Its name."),
        namespace: text("Namespace of a service account."),
      },
      ["kind", "name"],
    ),
  ),
);

const roleRef = atomic(
  object(
    "The role that is given. Cannot be changed.",
    { apiGroup: text("API group of the role."), kind: text("Role or ClusterRole."), name: text("Its name.") },
    ["kind", "name"],
  ),
);

const shared = { group, nameRule: pathSegmentProblem } as const;

export const role: KindDefinition = {
  ...shared,
  kind: "Role",
  plural: "roles",
  description: "What may be done in one namespace.",
  fields: { rules },
  columns: [nameColumn, createdColumn],
  check: ruleErrors,
};

export const clusterRole: KindDefinition = {
  ...shared,
  kind: "ClusterRole",
  plural: "clusterroles",
  clusterScoped: true,
  description: "What may be done in the whole cluster, or in any one namespace.",
  fields: {
    rules,
    aggregationRule: object("Roles whose rules are gathered here.", {
      clusterRoleSelectors: list("By their labels.", labelSelector("Labels of roles.")),
    }),
  },
  columns: [nameColumn, createdColumn],
  check: ruleErrors,
};

const bindingColumns = [
  nameColumn,
  column(
    "Role",
    "The role that is given.",
    (it) => `${textAt(it, "roleRef", "kind")}/${textAt(it, "roleRef", "name")}`,
  ),
  ageColumn,
  wideColumn("Users", "Users who may.", (it) => subjectNames(it, "User")),
  wideColumn("Groups", "Groups that may.", (it) => subjectNames(it, "Group")),
  wideColumn("ServiceAccounts", "Service accounts that may.", (it) => subjectNames(it, "ServiceAccount")),
];

const bindingParts: Pick<KindDefinition, "fields" | "required" | "columns" | "prepare" | "check"> = {
  fields: { subjects, roleRef },
  required: ["roleRef"],
  columns: bindingColumns,
  prepare: withGroups,
  check: bindingErrors,
};

export const roleBinding: KindDefinition = {
  ...shared,
  ...bindingParts,
  kind: "RoleBinding",
  plural: "rolebindings",
  description: "Gives a role to somebody in one namespace.",
};

export const clusterRoleBinding: KindDefinition = {
  ...shared,
  ...bindingParts,
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  clusterScoped: true,
  description: "Gives a cluster role to somebody in the whole cluster.",
};

const subjectNames = (binding: JsonObject, kind: string) =>
  objectsAt(binding, "subjects")
    .filter((subject) => subject.kind === kind)
    .map((subject) => (kind === "ServiceAccount" ? `${textAt(subject, "namespace")}/` : "") + textAt(subject, "name"))
    .join(", ");

/** The API group follows from the kind, and most people leave it out. */
function withGroups(binding: JsonObject): JsonObject {
  const filled = objectsAt(binding, "subjects").map((subject) =>
    subject.apiGroup === undefined && subject.kind !== "ServiceAccount" ? { ...subject, apiGroup: group } : subject,
  );
  const named = { apiGroup: group, ...(binding.roleRef as JsonObject) }; // required by the schema
  return { ...binding, roleRef: named, ...(binding.subjects ? { subjects: filled } : {}) };
}

function ruleErrors(role: JsonObject): readonly FieldError[] {
  return objectsAt(role, "rules").flatMap((rule, i) => {
    const errors: FieldError[] = [];
    if (textsAt(rule, "verbs").length === 0)
      errors.push(required(`rules[${i}].verbs`, "verbs must contain at least one value"));
    if (textsAt(rule, "nonResourceURLs").length > 0) return errors;
    if (textsAt(rule, "apiGroups").length === 0)
      errors.push(required(`rules[${i}].apiGroups`, "resource rules must supply at least one api group"));
    if (textsAt(rule, "resources").length === 0)
      errors.push(required(`rules[${i}].resources`, "resource rules must supply at least one resource"));
    return errors;
  });
}

function bindingErrors(binding: JsonObject, { old }: AdmitRequest): readonly FieldError[] {
  const isOfCluster = textAt(binding, "metadata", "namespace") === "";
  const errors = objectsAt(binding, "subjects")
    .map((subject, i) => ({ subject, field: `subjects[${i}].namespace` }))
    .filter(({ subject }) => isOfCluster && subject.kind === "ServiceAccount" && textAt(subject, "namespace") === "")
    .map(({ field }) => required(field));
  if (!old || equalJson(old.roleRef, binding.roleRef)) return errors;
  return [...errors, invalid("roleRef", binding.roleRef, "cannot change roleRef")];
}
