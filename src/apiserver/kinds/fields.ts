import type { Json } from "../../lib/json.ts";
import type { Schema } from "../schema/schema.ts";

/** The words in which the schemas of the built-in kinds are written. */

export const text = (description: string, more: Schema = {}): Schema => ({ type: "string", description, ...more });

export const oneOf = (description: string, values: readonly string[], initial?: string): Schema =>
  text(description, { enum: values, ...(initial === undefined ? {} : { default: initial }) });

export const flag = (description: string, initial?: boolean): Schema => ({
  type: "boolean",
  description,
  ...(initial === undefined ? {} : { default: initial }),
});

export const int32 = (description: string, more: Schema = {}): Schema => ({
  type: "integer",
  format: "int32",
  description,
  ...more,
});

export const int64 = (description: string): Schema => ({ type: "integer", format: "int64", description });

export const time = (description: string): Schema => text(description, { format: "date-time" });

/** An amount such as 1Gi or 100m; kept in its one canonical spelling. */
export const quantity = (description: string): Schema => ({
  "x-kubernetes-int-or-string": true,
  format: "quantity",
  description,
});

export const quantities = (description: string): Schema =>
  mapOf(description, quantity("An amount, such as 1Gi or 100m."));

export const mapOf = (description: string, additionalProperties: Schema): Schema => ({
  type: "object",
  description,
  additionalProperties,
});

export const textMap = (description: string): Schema => mapOf(description, { type: "string" });

export const object = (
  description: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema => ({ type: "object", description, properties, ...(required.length > 0 ? { required } : {}) });

/** A map, or an object with fields, that one manager owns as a whole. */
export const atomic = (schema: Schema): Schema => ({ ...schema, "x-kubernetes-map-type": "atomic" });

/** A list that is replaced as a whole. */
export const list = (description: string, items: Schema): Schema => ({
  type: "array",
  description,
  items,
  "x-kubernetes-list-type": "atomic",
});

export const texts = (description: string, more: Schema = {}): Schema => list(description, text(description, more));

/** A list whose items are told apart by `keys`, and merged one by one in patches by `mergeKey`. */
export const listBy = (
  description: string,
  keys: readonly string[],
  items: Schema,
  mergeKey = keys[0] ?? "",
): Schema => ({
  type: "array",
  description,
  items,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": keys,
  "x-kubernetes-patch-strategy": "merge",
  "x-kubernetes-patch-merge-key": mergeKey,
});

/** Kept as it comes: what no part of ours looks into. */
export const anything = (description: string): Schema => ({
  type: "object",
  description,
  "x-kubernetes-preserve-unknown-fields": true,
});

export const withDefault = (schema: Schema, initial: Json): Schema => ({ ...schema, default: initial });

export const conditions = (description: string): Schema =>
  listBy(
    description,
    ["type"],
    object(
      "One thing that is true, false or unknown of the object.",
      {
        type: text("What it is about."),
        status: text("True, False or Unknown."),
        reason: text("Why, in one word."),
        message: text("Why, for people."),
        lastTransitionTime: time("When the status last changed."),
        lastProbeTime: time("When it was last looked at."),
        lastHeartbeatTime: time("When it was last reported."),
        lastUpdateTime: time("When it was last written."),
        observedGeneration: int64("The generation this was said of."),
      },
      ["type", "status"],
    ),
  );

export const labelSelector = (description: string): Schema =>
  atomic(
    object(description, {
      matchLabels: textMap("Labels that must have these values."),
      matchExpressions: list(
        "Conditions on labels, all of which must hold.",
        object(
          "A condition on one label.",
          {
            key: text("The label."),
            operator: text("In, NotIn, Exists or DoesNotExist."),
            values: texts("The values for In and NotIn."),
          },
          ["key", "operator"],
        ),
      ),
    }),
  );

export const objectReference = (description: string): Schema =>
  atomic(
    object(description, {
      apiVersion: text("API version of the object."),
      kind: text("Kind of the object."),
      namespace: text("Its namespace."),
      name: text("Its name."),
      uid: text("Its uid."),
      resourceVersion: text("The version that is meant."),
      fieldPath: text("A part of the object."),
    }),
  );

export const localReference = (description: string): Schema =>
  atomic(object(description, { name: text("Name of the object.") }));

export const secretReference = (description: string): Schema =>
  atomic(object(description, { name: text("Name of the secret."), namespace: text("Namespace of the secret.") }));
