import type { Schema } from "../schema/schema.ts";
import { ageColumn, nameColumn } from "./columns.ts";
import type { KindDefinition } from "./define.ts";
import { flag, int64, labelSelector, list, mapOf, object, text, texts } from "./fields.ts";

/** Questions to the server: created, answered at once in their status, and never stored. */

const shared = { isRequest: true, columns: [nameColumn, ageColumn] } as const;
const authentication = { ...shared, group: "authentication.k8s.io" } as const;
const authorization = { ...shared, group: "authorization.k8s.io" } as const;

const extra = mapOf("What else is known of the user.", texts("Values of one kind."));

const userInfo = object("A user.", {
  username: text("The name."),
  uid: text("What tells users of one name apart."),
  groups: texts("The groups."),
  extra,
});

export const tokenReview: KindDefinition = {
  ...authentication,
  kind: "TokenReview",
  plural: "tokenreviews",
  clusterScoped: true,
  description: "Whose a token is.",
  fields: {
    spec: object("The question.", { token: text("The token."), audiences: texts("For whom it must be meant.") }),
    status: object("The answer.", {
      authenticated: flag("The token is somebody's."),
      user: userInfo,
      audiences: texts("For whom it is meant, of those asked for."),
      error: text("Why it is nobody's."),
    }),
  },
  required: ["spec"],
};

export const selfSubjectReview: KindDefinition = {
  ...authentication,
  kind: "SelfSubjectReview",
  plural: "selfsubjectreviews",
  clusterScoped: true,
  description: "Who asks.",
  fields: { status: object("The answer.", { userInfo }) },
};

/** Of the subresource serviceaccounts/token. */
export const tokenRequest: KindDefinition = {
  ...authentication,
  kind: "TokenRequest",
  plural: "serviceaccounts",
  description: "A token for a service account.",
  fields: {
    spec: object("What token.", {
      audiences: texts("For whom it is meant; for this server if left out."),
      expirationSeconds: int64("How long it is to be good; at least ten minutes."),
      boundObjectRef: object("The object with which the token ends.", {
        kind: text("Pod, Secret or Node."),
        apiVersion: text("v1."),
        name: text("Its name."),
        uid: text("Its uid."),
      }),
    }),
    status: object("The token.", {
      token: text("The token."),
      expirationTimestamp: text("When it ends.", { format: "date-time" }),
    }),
  },
};

const selection = (description: string, requirements: Schema): Schema =>
  object(description, { rawSelector: text("As in a URL."), requirements });

const resourceAttributes = object("Something done to a resource.", {
  namespace: text("The namespace; empty for all, or for none."),
  verb: text("get, list, watch, create, update, patch, delete ... or * for all."),
  group: text("The API group, or * for all."),
  version: text("The version, or * for all."),
  resource: text("The plural name, or * for all."),
  subresource: text("The subresource."),
  name: text("The object; empty for all."),
  fieldSelector: selection("Only objects with these fields.", list("Conditions.", { type: "object" })),
  labelSelector: selection(
    "Only objects with these labels.",
    labelSelector("Labels.").properties?.matchExpressions ?? {},
  ),
});

const nonResourceAttributes = object("Something done to a path.", {
  path: text("The path."),
  verb: text("get, post ..."),
});

const what = { resourceAttributes, nonResourceAttributes };
const whose = { user: text("The user."), groups: texts("The user's groups."), uid: text("The user's uid."), extra };

const accessStatus = object("The answer.", {
  allowed: flag("It may be done."),
  denied: flag("It may not be done, whoever else allows it."),
  reason: text("Why."),
  evaluationError: text("What went wrong in finding out."),
});

const accessReview = (description: string, spec: Readonly<Record<string, Schema>>) => ({
  ...authorization,
  description,
  fields: { spec: object("The question.", spec), status: accessStatus },
  required: ["spec"],
});

export const subjectAccessReview: KindDefinition = {
  ...accessReview("Whether a user may do something.", { ...what, ...whose }),
  kind: "SubjectAccessReview",
  plural: "subjectaccessreviews",
  clusterScoped: true,
};

export const localSubjectAccessReview: KindDefinition = {
  ...accessReview("Whether a user may do something in one namespace.", { ...what, ...whose }),
  kind: "LocalSubjectAccessReview",
  plural: "localsubjectaccessreviews",
};

export const selfSubjectAccessReview: KindDefinition = {
  ...accessReview("Whether the one who asks may do something.", what),
  kind: "SelfSubjectAccessReview",
  plural: "selfsubjectaccessreviews",
  clusterScoped: true,
};

export const selfSubjectRulesReview: KindDefinition = {
  ...authorization,
  kind: "SelfSubjectRulesReview",
  plural: "selfsubjectrulesreviews",
  clusterScoped: true,
  description: "What the one who asks may do in a namespace.",
  fields: {
    spec: object("The question.", { namespace: text("The namespace.") }),
    status: object("The answer.", {
      resourceRules: list(
        "What may be done to resources.",
        object("A rule.", {
          verbs: texts("What."),
          apiGroups: texts("In which groups."),
          resources: texts("To which."),
          resourceNames: texts("Only to these."),
        }),
      ),
      nonResourceRules: list(
        "What may be done to paths.",
        object("A rule.", { verbs: texts("What."), nonResourceURLs: texts("To which.") }),
      ),
      incomplete: flag("There may be more."),
      evaluationError: text("Why there may be more."),
    }),
  },
  required: ["spec"],
};
