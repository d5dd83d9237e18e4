import { type Json, type JsonObject, stringifyJson } from "../../lib/json.ts";
import { duplicate, invalid, tooMany } from "./messages.ts";
import { pathText, under } from "./path.ts";
import type { Schema } from "./schema.ts";
import type { Check, Compile, Walk, WalkOptions } from "./walk.ts";

export function compileList(schema: Schema, options: WalkOptions, compile: Compile): Walk {
  const walkItem = schema.items && compile(schema.items, options);
  const checks = [...sizeChecks(schema), ...(options.builtIn ? [] : uniquenessChecks(schema))];
  return (value, path, visit) => {
    let list = value as readonly Json[]; // the caller has made sure
    if (walkItem)
      for (let i = 0; i < list.length; i++) {
        const item = list[i] as Json;
        const walked = walkItem(item, under(path, i), visit);
        if (walked !== item) list = list.with(i, walked);
      }
    for (const check of checks) check(list, path, visit);
    return list;
  };
}

function sizeChecks({ minItems, maxItems }: Schema): readonly Check[] {
  const checks: Check[] = [];
  if (minItems !== undefined)
    checks.push((value, path, visit) => {
      if ((value as readonly Json[]).length >= minItems) return;
      const field = pathText(path);
      visit.errors.push(
        invalid(field, (value as readonly Json[]).length, `${field} in body should have at least ${minItems} items`),
      );
    });
  if (maxItems !== undefined)
    checks.push((value, path, visit) => {
      const { length } = value as readonly Json[];
      if (length > maxItems) visit.errors.push(tooMany(pathText(path), length, maxItems));
    });
  return checks;
}

function uniquenessChecks(schema: Schema): readonly Check[] {
  if (schema["x-kubernetes-list-type"] === "map") return [uniqueBy(schema["x-kubernetes-list-map-keys"] ?? [])];
  return schema["x-kubernetes-list-type"] === "set" || schema.uniqueItems ? [uniqueValues] : [];
}

const uniqueValues: Check = (value, path, visit) => {
  const seen = new Set<string>();
  (value as readonly Json[]).forEach((item, i) => {
    const text = stableText(item);
    if (seen.has(text)) visit.errors.push(duplicate(pathText(under(path, i)), item));
    seen.add(text);
  });
};

function uniqueBy(keys: readonly string[]): Check {
  return (value, path, visit) => {
    const seen = new Set<string>();
    (value as readonly Json[]).forEach((item, i) => {
      const at = under(path, i);
      if (typeof item !== "object" || item === null) return;
      const identity = mapKeyOf(item as JsonObject, keys);
      const text = stableText(identity);
      if (seen.has(text)) visit.errors.push(duplicate(pathText(at), identity));
      seen.add(text);
    });
  };
}

/** What tells the items of a list of type map apart. */
export function mapKeyOf(item: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.map((key) => [key, item[key]]));
}

/** The same text for equal values, whatever the order of their keys. */
export function stableText(value: Json): string {
  if (typeof value !== "object" || value === null) return `${typeof value === "string" ? "s" : "v"}${String(value)}`;
  if (Array.isArray(value)) return stringifyJson(value.map(stableText));
  const entries = Object.entries(value as JsonObject).filter(([, item]) => item !== undefined);
  return stringifyJson(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, stableText(item as Json)]),
  );
}
