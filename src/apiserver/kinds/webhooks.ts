import type { JsonObject } from "../../lib/json.ts";
import { conditionProblem } from "../admission/conditions.ts";
import { invalid, required } from "../schema/messages.ts";
import type { Schema } from "../schema/schema.ts";
import { ageColumn, integerColumn, nameColumn } from "./columns.ts";
import type { KindDefinition } from "./define.ts";
import { int32, labelSelector, list, listBy, object, oneOf, text, texts } from "./fields.ts";
import type { FieldError } from "./kind.ts";
import { objectsAt, textAt } from "./read.ts";

const group = "admissionregistration.k8s.io";

const clientConfig = object("How to reach the webhook.", {
  url: text("Its URL."),
  service: object(
    "Its service, instead of a URL.",
    {
      namespace: text("Namespace of the service."),
      name: text("Name of the service."),
      path: text("Path on it."),
      port: int32("Its port.", { default: 443 }),
    },
    ["namespace", "name"],
  ),
  caBundle: text("Certificates to trust, PEM in base64.", { format: "byte" }),
});

const rules = list(
  "Which requests it is asked about.",
  object("Operations on resources.", {
    apiGroups: texts("API groups, or *."),
    apiVersions: texts("Versions, or *."),
    resources: texts("Plural names, with subresources, or *."),
    operations: texts("CREATE, UPDATE, DELETE, CONNECT or *."),
    scope: oneOf("Cluster, Namespaced or both.", ["Cluster", "Namespaced", "*"], "*"),
  }),
);

const webhook = (more: Readonly<Record<string, Schema>>): Schema =>
  object(
    "A webhook.",
    {
      name: text("A name with at least three parts, such as snapshots.example.com."),
      clientConfig,
      rules,
      failurePolicy: oneOf("What happens when it cannot be asked.", ["Ignore", "Fail"], "Fail"),
      matchPolicy: oneOf("Whether other versions of the same resources count.", ["Exact", "Equivalent"], "Equivalent"),
      namespaceSelector: { ...labelSelector("Only in namespaces with these labels."), default: {} },
      objectSelector: { ...labelSelector("Only for objects with these labels."), default: {} },
      sideEffects: oneOf("Whether asking changes anything.", ["None", "NoneOnDryRun"]),
      timeoutSeconds: int32("How long to wait for its answer.", { default: 10, minimum: 1, maximum: 30 }),
      admissionReviewVersions: texts("The versions of reviews it understands."),
      matchConditions: listBy(
        "Only when these expressions hold.",
        ["name"],
        object("A condition.", { name: text("Its name."), expression: text("A CEL expression.") }, [
          "name",
          "expression",
        ]),
      ),
      ...more,
    },
    ["name", "clientConfig", "sideEffects", "admissionReviewVersions"],
  );

const shared = {
  group,
  clusterScoped: true,
  hasGeneration: true,
  needsVersion: true,
  columns: [nameColumn, integerColumn("Webhooks", "How many.", (it) => objectsAt(it, "webhooks").length), ageColumn],
  check: webhookErrors,
} as const;

export const validatingWebhooks: KindDefinition = {
  ...shared,
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
  description: "Webhooks that may refuse requests.",
  fields: { webhooks: listBy("The webhooks.", ["name"], webhook({})) },
};

export const mutatingWebhooks: KindDefinition = {
  ...shared,
  kind: "MutatingWebhookConfiguration",
  plural: "mutatingwebhookconfigurations",
  description: "Webhooks that may change objects before they are stored.",
  fields: {
    webhooks: listBy(
      "The webhooks.",
      ["name"],
      webhook({
        reinvocationPolicy: oneOf(
          "Whether it is asked again after others changed the object.",
          ["Never", "IfNeeded"],
          "Never",
        ),
      }),
    ),
  },
};

function webhookErrors(configuration: JsonObject): readonly FieldError[] {
  return objectsAt(configuration, "webhooks").flatMap((one, i) => {
    const field = `webhooks[${i}]`;
    const errors: FieldError[] = [];
    const name = textAt(one, "name");
    if (name.split(".").filter((part) => part !== "").length < 3)
      errors.push(invalid(`${field}.name`, name, "should be a domain with at least three segments separated by dots"));
    const config = one.clientConfig as JsonObject; // required by the schema
    if ((config.url === undefined) === (config.service === undefined))
      errors.push(required(`${field}.clientConfig`, "exactly one of url or service is required"));
    objectsAt(one, "matchConditions").forEach((condition, j) => {
      const expression = textAt(condition, "expression");
      const problem = conditionProblem(expression);
      if (problem) errors.push(invalid(`${field}.matchConditions[${j}].expression`, expression, problem));
    });
    return errors;
  });
}
