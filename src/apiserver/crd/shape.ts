import type { Json, JsonObject } from "../../lib/json.ts";
import type { FieldError } from "../kinds/kind.ts";
import { isObject } from "../kinds/read.ts";
import { invalid } from "../schema/messages.ts";
import type { Schema } from "../schema/schema.ts";

/** Deeper than any schema that people write; each level is a level of every walk. */
const depthLimit = 64;

/**
 * A definition's schema with every keyword of the type it must have. A null keyword is as good as absent; one of another
 * type is left out and reported.
 */
export function readSchema(
  json: JsonObject,
  field: string,
): { readonly schema: Schema; readonly errors: FieldError[] } {
  const errors: FieldError[] = [];
  return { schema: nodeOf(json, { field, depth: 0, errors }), errors };
}

interface Place {
  readonly field: string;
  readonly depth: number;
  readonly errors: FieldError[];
}

/** The value as it may be used, or undefined for what was reported. */
type Read = (value: Json, place: Place) => Json | undefined;

function nodeOf(json: JsonObject, place: Place): Schema {
  const entries = Object.entries(json).flatMap(([name, value]) => {
    const read = keywords.get(name);
    if (value === null || value === undefined) return name === "default" && value === null ? [[name, value]] : [];
    const known = read ? read(value, { ...place, field: `${place.field}.${name}` }) : value;
    return known === undefined ? [] : [[name, known]];
  });
  return Object.fromEntries(entries) as Schema; // each keyword was read as what it is
}

const only =
  (isIt: (value: Json) => boolean, what: string): Read =>
  (value, { field, errors }) => {
    if (isIt(value)) return value;
    errors.push(invalid(field, value, `must be ${what}`));
    return undefined;
  };

const isText = (value: Json) => typeof value === "string";
const text = only(isText, "a string");
const flag = only((value) => typeof value === "boolean", "true or false");
const number = only((value) => typeof value === "number" || typeof value === "bigint", "a number");
const list = only(Array.isArray, "a list");
const texts = only((value) => Array.isArray(value) && value.every(isText), "a list of strings");
const ruleTexts = ["rule", "message", "messageExpression", "reason", "fieldPath"];
const isRule = (value: Json) => isObject(value) && ruleTexts.every((name) => isText(value[name] ?? "")) && !!value.rule;
const rules = only(
  (value) => Array.isArray(value) && value.every(isRule),
  "a list of objects, each with a rule, and all they say in strings",
);

const schema: Read = (value, place) => {
  const { field, depth, errors } = place;
  if (depth >= depthLimit) errors.push(invalid(field, depth + 1, `is nested deeper than ${depthLimit} levels`));
  else if (isObject(value)) return nodeOf(value, { field, depth: depth + 1, errors });
  else errors.push(invalid(field, value, "must be a schema, which is an object"));
  return undefined;
};

const schemaOrFlag: Read = (value, place) => (typeof value === "boolean" ? value : schema(value, place));

const schemas: Read = (value, place) => {
  if (!Array.isArray(value)) return list(value, place);
  return value.flatMap((item, i) => schema(item, { ...place, field: `${place.field}[${i}]` }) ?? []);
};

const schemasByName: Read = (value, place) => {
  if (!isObject(value)) return only(isObject, "an object")(value, place);
  const entries = Object.entries(value).flatMap(([name, item]) => {
    const known = schema(item ?? null, { ...place, field: `${place.field}[${name}]` });
    return known === undefined ? [] : [[name, known]];
  });
  return Object.fromEntries(entries);
};

const keywords: ReadonlyMap<string, Read> = new Map(
  Object.entries({
    type: text,
    description: text,
    format: text,
    pattern: text,
    nullable: flag,
    exclusiveMinimum: flag,
    exclusiveMaximum: flag,
    uniqueItems: flag,
    minLength: number,
    maxLength: number,
    minimum: number,
    maximum: number,
    multipleOf: number,
    minItems: number,
    maxItems: number,
    minProperties: number,
    maxProperties: number,
    enum: list,
    required: texts,
    properties: schemasByName,
    additionalProperties: schemaOrFlag,
    items: schema,
    oneOf: schemas,
    anyOf: schemas,
    allOf: schemas,
    not: schema,
    "x-kubernetes-preserve-unknown-fields": flag,
    "x-kubernetes-int-or-string": flag,
    "x-kubernetes-embedded-resource": flag,
    "x-kubernetes-list-type": text,
    "x-kubernetes-list-map-keys": texts,
    "x-kubernetes-map-type": text,
    "x-kubernetes-validations": rules,
  } satisfies Partial<Record<keyof Schema, Read>>),
);
