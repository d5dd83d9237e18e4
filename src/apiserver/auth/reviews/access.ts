import type { JsonObject } from "../../../lib/json.ts";
import type { FieldError } from "../../kinds/kind.ts";
import { objectAt, textAt, textsAt } from "../../kinds/read.ts";
import { invalid as invalidField } from "../../schema/messages.ts";
import { badRequest, invalid } from "../../status.ts";
import type { User } from "../authenticate.ts";
import type { Authorizer } from "../authorize.ts";
import type { Deed } from "../deed.ts";
import type { Grants } from "../rbac/grants.ts";
import type { Answerer } from "./question.ts";

/** Whether the user that the question names may do what it says. */
export const subjectAccess =
  (authorize: Authorizer): Answerer =>
  ({ object }) => {
    const errors = [...whatErrors(object), ...whoseErrors(object)];
    refuse(object, errors);
    return { ...object, status: verdict(authorize, subjectOf(object), object) };
  };

/** The same, for those who may ask only about their own namespace. */
export const localSubjectAccess =
  (authorize: Authorizer): Answerer =>
  ({ object, namespace }) => {
    const spec = objectAt(object, "spec");
    const path = spec.nonResourceAttributes;
    const asked = textAt(spec, "resourceAttributes", "namespace");
    const errors = [...whatErrors(object), ...whoseErrors(object)];
    if (path !== undefined)
      errors.push(invalidField("spec.nonResourceAttributes", path, "disallowed on this kind of request"));
    else if (asked !== namespace)
      errors.push(invalidField("spec.resourceAttributes.namespace", asked, "must match metadata.namespace"));
    refuse(object, errors);
    return { ...object, status: verdict(authorize, subjectOf(object), object) };
  };

/** Whether the one who asks may do something. */
export const selfSubjectAccess =
  (authorize: Authorizer): Answerer =>
  ({ object, user }) => {
    refuse(object, whatErrors(object));
    return { ...object, status: verdict(authorize, user, object) };
  };

/** What the one who asks may do in a namespace. */
export const selfSubjectRules =
  (grants: Grants): Answerer =>
  ({ object, user }) => {
    const namespace = textAt(object, "spec", "namespace");
    if (namespace === "") throw badRequest("no namespace on request");
    const { rules, problem } = grants.rulesFor(user, namespace);
    return {
      ...object,
      spec: {},
      status: {
        resourceRules: rules
          .filter(({ resources }) => resources.length > 0)
          .map(({ verbs, apiGroups, resources, resourceNames }) => ({
            verbs,
            apiGroups,
            resources,
            ...(resourceNames.length > 0 && { resourceNames }),
          })),
        nonResourceRules: rules
          .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
          .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
        incomplete: problem !== undefined,
        ...(problem !== undefined && { evaluationError: problem }),
      },
    };
  };

function refuse(object: JsonObject, errors: readonly FieldError[]): void {
  const metadata = objectAt(object, "metadata");
  const isEmpty = Object.keys(metadata).every((field) => field === "namespace" || field === "managedFields");
  const all = isEmpty ? errors : [...errors, invalidField("metadata", metadata, "must be empty")];
  if (all.length > 0) throw invalid({ group: "authorization.k8s.io", plural: "", kind: "" }, "", all);
}

function whatErrors(object: JsonObject): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = objectAt(object, "spec");
  if ((resourceAttributes === undefined) !== (nonResourceAttributes === undefined)) return [];
  const detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
  return [invalidField("spec", nonResourceAttributes ?? null, detail)];
}

function whoseErrors(object: JsonObject): readonly FieldError[] {
  if (textAt(object, "spec", "user") !== "" || textsAt(object, "spec", "groups").length > 0) return [];
  return [invalidField("spec.user", "", "at least one of user or group must be specified")];
}

function subjectOf(object: JsonObject): User {
  const spec = objectAt(object, "spec");
  return { name: textAt(spec, "user"), groups: textsAt(spec, "groups"), uid: textAt(spec, "uid") };
}

function verdict(authorize: Authorizer, user: User, object: JsonObject): JsonObject {
  const { allowed, reason } = authorize(user, deedIn(object));
  return { allowed, ...(reason && { reason }) };
}

function deedIn(object: JsonObject): Deed {
  const { resourceAttributes, nonResourceAttributes } = objectAt(object, "spec");
  if (resourceAttributes === undefined) {
    const asked = nonResourceAttributes as JsonObject; // one of the two is there
    return { on: "path", verb: textAt(asked, "verb"), path: textAt(asked, "path") };
  }
  const asked = resourceAttributes as JsonObject; // admitted by the schema
  return {
    on: "resource",
    verb: textAt(asked, "verb"),
    group: textAt(asked, "group"),
    resource: textAt(asked, "resource"),
    subresource: textAt(asked, "subresource"),
    namespace: textAt(asked, "namespace"),
    name: textAt(asked, "name"),
  };
}
