/** Words for structural OpenAPI v3 schemas, as CRDs carry them. */
import type { JsonObject } from "../lib/json.ts";

export type Schema = JsonObject;
export type Properties = Readonly<Record<string, Schema>>;

/** A CEL rule that a value must keep, and what a user who broke it is told. */
export type Rule = { readonly rule: string; readonly message: string };

/** What schemas share: rules, and the description that `kubectl explain` prints. */
interface Common {
  readonly description?: string;
  readonly rules?: readonly Rule[];
}

export function object(
  properties: Properties,
  options: Common & { readonly required?: readonly string[] } = {},
): Schema {
  return {
    type: "object",
    ...about(options),
    ...(options.required && { required: [...options.required] }),
    properties,
  };
}

/** An object that is compared and replaced as one value. */
export function atomic(schema: Schema): Schema {
  return { ...schema, "x-kubernetes-map-type": "atomic" };
}

export function mapOfText(
  options: Common & { readonly maxProperties?: number; readonly maxLength?: number } = {},
): Schema {
  return {
    type: "object",
    ...about(options),
    ...(options.maxProperties !== undefined && { maxProperties: options.maxProperties }),
    additionalProperties: { type: "string", ...(options.maxLength !== undefined && { maxLength: options.maxLength }) },
  };
}

export function list(items: Schema, options: Common & { readonly maxItems?: number } = {}): Schema {
  return {
    type: "array",
    ...about(options),
    ...(options.maxItems !== undefined && { maxItems: options.maxItems }),
    items,
  };
}

interface TextOptions extends Common {
  readonly oneOf?: readonly string[];
  readonly maxLength?: number;
}

export function text(options: TextOptions = {}): Schema {
  return {
    type: "string",
    ...about(options),
    ...(options.oneOf && { enum: [...options.oneOf] }),
    ...(options.maxLength !== undefined && { maxLength: options.maxLength }),
  };
}

export function int64(options: Common & { readonly minimum?: number } = {}): Schema {
  return {
    type: "integer",
    format: "int64",
    ...about(options),
    ...(options.minimum !== undefined && { minimum: options.minimum }),
  };
}

export function boolean(options: Common = {}): Schema {
  return { type: "boolean", ...about(options) };
}

/** A moment as text, RFC 3339. */
export function moment(options: Common = {}): Schema {
  return { type: "string", format: "date-time", ...about(options) };
}

/** The whole object: what every kind has, and its own properties. */
export function root(description: string, properties: Properties, required: readonly string[]): Schema {
  return object(
    { apiVersion: text(), kind: text(), metadata: { type: "object" }, ...properties },
    { description, required },
  );
}

/** The field keeps the value it was created with. */
export function fixed(field: string): Rule {
  return { rule: "self == oldSelf", message: `${field} cannot be changed; delete the object and create another` };
}

/** The fields, once set, stay set: a rule on a field itself is not asked when the field is removed. */
export function kept(...fields: readonly string[]): readonly Rule[] {
  return fields.map((field) => ({
    rule: `!has(oldSelf.${field}) || has(self.${field})`,
    message: `${field} cannot be removed; delete the object and create another`,
  }));
}

/** Exactly one of two fields is set. */
export function exactlyOne(a: string, b: string, remedy: string): Rule {
  return {
    rule: `has(self.${a}) != has(self.${b})`,
    message: `exactly one of ${a} and ${b} must be set: ${remedy}`,
  };
}

function about({ description, rules }: Common): JsonObject {
  return {
    ...(description && { description }),
    ...(rules?.length && { "x-kubernetes-validations": rules.map((rule) => ({ ...rule })) }),
  };
}
