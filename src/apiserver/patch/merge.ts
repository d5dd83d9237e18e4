import { Failure } from "../../lib/failure.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { isObject } from "./shape.ts";

/** As deep as any object of ours is nested, and far below what would exhaust the stack. */
export const depthLimit = 200;

/**
 * The document after a JSON merge patch (RFC 7386): objects merge, null removes, everything else replaces.
 *
 * @throws Failure "invalid" if the patch is not an object, or nested too deeply
 */
export function applyMergePatch(doc: JsonObject, patch: Json): JsonObject {
  if (!isObject(patch)) throw new Failure("invalid", "a merge patch must be a JSON object");
  return mergeObject(doc, patch, 0);
}

function mergeObject(target: Json | undefined, patch: JsonObject, depth: number): JsonObject {
  if (depth > depthLimit) throw new Failure("invalid", `merge patch is nested deeper than ${depthLimit} levels`);
  const merged: Record<string, Json | undefined> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (value !== undefined)
      setOwn(merged, key, isObject(value) ? mergeObject(own(merged, key), value, depth + 1) : value);
  }
  return merged;
}

const own = (object: Readonly<Record<string, Json | undefined>>, key: string) =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** Sets a property even when it is called __proto__. */
export function setOwn(object: Record<string, Json | undefined>, key: string, value: Json): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}
