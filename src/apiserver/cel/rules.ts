import type { Json, JsonObject } from "../../lib/json.ts";
import type { FieldError } from "../kinds/kind.ts";
import { mapKeyOf, stableText } from "../schema/list.ts";
import { under } from "../schema/path.ts";
import type { Schema } from "../schema/schema.ts";
import { type RuleCheck, rulesCheck } from "./rule.ts";

/**
 * The check of all rules in a schema, however deep; undefined if there are none. It goes only where rules are, and finds
 * for each value the one it was before: by key in objects and in lists of type map, and nowhere else.
 */
export function compileRules(schema: Schema): RuleCheck | undefined {
  const checks = [ownRules(schema), propertyRules(schema), valueRules(schema), itemRules(schema)];
  const present = checks.filter((check) => check !== undefined);
  if (present.length === 0) return undefined;
  return (value, old, path) => (value === null ? [] : present.flatMap((check) => check(value, old, path)));
}

const ownRules = (schema: Schema): RuleCheck | undefined =>
  (schema["x-kubernetes-validations"] ?? []).length > 0 ? rulesCheck(schema) : undefined;

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function propertyRules(schema: Schema): RuleCheck | undefined {
  const checks: { readonly name: string; readonly check: RuleCheck }[] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const check = compileRules(property);
    if (check) checks.push({ name, check });
  }
  if (checks.length === 0) return undefined;
  return (value, old, path) => {
    if (!isObject(value)) return [];
    return checks.flatMap(({ name, check }) => {
      const item = value[name];
      if (item === undefined) return [];
      return check(item, isObject(old) ? old[name] : undefined, under(path, name));
    });
  };
}

function valueRules(schema: Schema): RuleCheck | undefined {
  const check = typeof schema.additionalProperties === "object" ? compileRules(schema.additionalProperties) : undefined;
  if (!check) return undefined;
  return (value, old, path) => {
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([key, item]) =>
      item === undefined ? [] : check(item, isObject(old) ? old[key] : undefined, under(path, key)),
    );
  };
}

function itemRules(schema: Schema): RuleCheck | undefined {
  const check = schema.items && compileRules(schema.items);
  if (!check) return undefined;
  const keys = schema["x-kubernetes-list-type"] === "map" ? schema["x-kubernetes-list-map-keys"] : undefined;
  return (value, old, path) => {
    if (!Array.isArray(value)) return [];
    const before = keys && Array.isArray(old) ? byKey(old, keys) : undefined;
    const errors: FieldError[] = [];
    value.forEach((item: Json, i) => {
      const previous = keys && isObject(item) ? before?.get(stableText(mapKeyOf(item, keys))) : undefined;
      errors.push(...check(item, previous, under(path, i)));
    });
    return errors;
  };
}

function byKey(items: readonly Json[], keys: readonly string[]): ReadonlyMap<string, Json> {
  return new Map(items.filter(isObject).map((item) => [stableText(mapKeyOf(item, keys)), item]));
}
