import { ruleProblems } from "../cel/rule.ts";
import type { FieldError } from "../kinds/kind.ts";
import { compileSchema } from "../schema/compile.ts";
import { forbidden, invalid, required, unsupported } from "../schema/messages.ts";
import type { Schema } from "../schema/schema.ts";
import { newVisit } from "../schema/walk.ts";
import { patternErrors } from "./patterns.ts";

const types = ["object", "array", "string", "integer", "number", "boolean"];

/**
 * What keeps a schema from being structural, and from being compiled: every value must have a type, only then can unknown
 * fields be told, defaults filled in and rules be given integers for integers.
 */
export function schemaErrors(schema: Schema, field: string): readonly FieldError[] {
  const errors = [
    ...rootErrors(schema, field),
    ...nodeErrors({ ...schema, "x-kubernetes-embedded-resource": true }, field),
    ...patternErrors(schema, field),
  ];
  return errors.length > 0 ? errors : defaultErrors(schema, field);
}

function rootErrors(schema: Schema, field: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (schema.type === undefined) errors.push(required(`${field}.type`, "must not be empty at the root"));
  else if (schema.type !== "object") errors.push(invalid(`${field}.type`, schema.type, "must be object at the root"));
  if (schema.nullable) errors.push(forbidden(`${field}.nullable`, "nullable cannot be true at the root"));
  for (const name of Object.keys(schema.properties?.metadata?.properties ?? {}))
    if (name !== "name" && name !== "generateName")
      errors.push(
        forbidden(`${field}.properties[metadata]`, "must not specify anything other than name and generateName"),
      );
  return errors;
}

function nodeErrors(schema: Schema, field: string): readonly FieldError[] {
  return [
    ...typeErrors(schema, field),
    ...listErrors(schema, field),
    ...ruleErrors(schema, field),
    ...childErrors(schema, field),
    ...branchErrors(schema, field),
  ];
}

function typeErrors(schema: Schema, field: string): readonly FieldError[] {
  const { type } = schema;
  const errors: FieldError[] = [];
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const isMixed = schema["x-kubernetes-int-or-string"] === true;
  if (type === undefined && !isOpen && !isMixed)
    errors.push(required(`${field}.type`, "must not be empty for specified object fields"));
  if (type !== undefined && !types.includes(type)) errors.push(unsupported(`${field}.type`, type, types));
  if (type === "array" && !schema.items) errors.push(required(`${field}.items`, "must be specified"));
  if (schema.properties && schema.additionalProperties !== undefined)
    errors.push(forbidden(`${field}.additionalProperties`, "additionalProperties and properties are mutual exclusive"));
  if (schema.additionalProperties === false)
    errors.push(
      forbidden(`${field}.additionalProperties`, "cannot be set to false: unknown fields are dropped anyway"),
    );
  if (schema.uniqueItems) errors.push(forbidden(`${field}.uniqueItems`, "use x-kubernetes-list-type: set instead"));
  return errors;
}

function listErrors(schema: Schema, field: string): readonly FieldError[] {
  const listType = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (listType === undefined) return [];
  if (schema.type !== "array")
    return [invalid(`${field}.type`, schema.type, "must be array if x-kubernetes-list-type is specified")];
  if (listType !== "map") return [];
  if (keys.length === 0)
    return [required(`${field}.x-kubernetes-list-map-keys`, "must not be empty if x-kubernetes-list-type is map")];
  return keys.flatMap((key) => keyErrors(schema.items, key, field));
}

/** A key that is absent would leave nothing to find the item by. */
function keyErrors(items: Schema | undefined, key: string, field: string): readonly FieldError[] {
  const property = items?.properties?.[key];
  if (!property)
    return [invalid(`${field}.x-kubernetes-list-map-keys`, key, "entries must be properties of the items")];
  if (property.default !== undefined || items.required?.includes(key)) return [];
  const why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
  return [required(`${field}.items.properties[${key}].default`, why)];
}

function ruleErrors(schema: Schema, field: string): readonly FieldError[] {
  const rules = schema["x-kubernetes-validations"] ?? [];
  if (rules.length === 0) return [];
  return ruleProblems(schema).map(({ at, problem }) =>
    invalid(`${field}.x-kubernetes-validations${at}`, rules[Number(/\d+/.exec(at)?.[0])]?.rule, problem),
  );
}

function childErrors(schema: Schema, field: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isMeta = schema["x-kubernetes-embedded-resource"] === true && name === "metadata";
    if (!isMeta) errors.push(...nodeErrors(property, `${field}.properties[${name}]`));
  }
  if (typeof schema.additionalProperties === "object")
    errors.push(...nodeErrors(schema.additionalProperties, `${field}.additionalProperties`));
  if (schema.items) errors.push(...nodeErrors(schema.items, `${field}.items`));
  return errors;
}

/** oneOf, anyOf, allOf and not may only judge what the schema around them already describes. */
const forbiddenInBranches = ["type", "description", "default", "additionalProperties", "nullable", "title"] as const;

function branchErrors(schema: Schema, field: string): readonly FieldError[] {
  const branches: readonly (readonly [string, Schema])[] = [
    ...(["oneOf", "anyOf", "allOf"] as const).flatMap((name) =>
      (schema[name] ?? []).map((branch, i) => [`${field}.${name}[${i}]`, branch] as const),
    ),
    ...(schema.not ? [[`${field}.not`, schema.not] as const] : []),
  ];
  const mayType = schema["x-kubernetes-int-or-string"] === true;
  return branches.flatMap(([at, branch]) => [
    ...forbiddenInBranches
      .filter(
        (name) => (branch as Readonly<Record<string, unknown>>)[name] !== undefined && !(mayType && name === "type"),
      )
      .map((name) => forbidden(`${at}.${name}`, "must be empty to be structural")),
    ...Object.keys(branch.properties ?? {})
      .filter((name) => schema.properties && !schema.properties[name])
      .map((name) => required(`${field}.properties[${name}]`, `because it is defined in ${at}.properties[${name}]`)),
    ...branchErrors(branch, at),
  ]);
}

/** A default must be valid itself, and hold nothing that would be pruned. */
function defaultErrors(schema: Schema, field: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (schema.default !== undefined) {
    const visit = newVisit();
    compileSchema(schema, { prune: true, builtIn: false })(schema.default, undefined, visit);
    for (const error of visit.errors) errors.push(invalid(`${field}.default`, schema.default, error.message));
    for (const unknown of visit.unknownFields)
      errors.push(invalid(`${field}.default`, schema.default, `must not have the unknown field ${unknown}`));
  }
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    errors.push(...defaultErrors(property, `${field}.properties[${name}]`));
  if (typeof schema.additionalProperties === "object")
    errors.push(...defaultErrors(schema.additionalProperties, `${field}.additionalProperties`));
  if (schema.items) errors.push(...defaultErrors(schema.items, `${field}.items`));
  return errors;
}
