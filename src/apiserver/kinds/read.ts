import type { Json, JsonObject } from "../../lib/json.ts";

/** Reading objects whose shape a schema has checked: what is absent reads as empty. */

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function at(object: JsonObject, ...path: readonly string[]): Json | undefined {
  let value: Json | undefined = object;
  for (const step of path) value = isObject(value) ? value[step] : undefined;
  return value;
}

export function objectAt(object: JsonObject, ...path: readonly string[]): JsonObject {
  const value = at(object, ...path);
  return isObject(value) ? value : {};
}

export function textAt(object: JsonObject, ...path: readonly string[]): string {
  const value = at(object, ...path);
  return typeof value === "string" ? value : "";
}

export function listAt(object: JsonObject, ...path: readonly string[]): readonly Json[] {
  const value = at(object, ...path);
  return Array.isArray(value) ? value : [];
}

export function objectsAt(object: JsonObject, ...path: readonly string[]): readonly JsonObject[] {
  return listAt(object, ...path).filter(isObject);
}

export function textsAt(object: JsonObject, ...path: readonly string[]): readonly string[] {
  return listAt(object, ...path).filter((item) => typeof item === "string");
}

/** The object with one top-level field of another value. */
export const withField = (object: JsonObject, field: string, value: Json): JsonObject => ({
  ...object,
  [field]: value,
});
