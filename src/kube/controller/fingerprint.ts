import { createHash } from "node:crypto";
import { stringifyJson } from "../../lib/json.ts";

/** A short text that is the same for the same facts: neither the order of keys nor absent and undefined matter. */
export function fingerprint(facts: unknown): string {
  return createHash("sha256")
    .update(stringifyJson(canonical(facts)) ?? "")
    .digest("base64url");
}

function canonical(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Set) return [...value].map(canonical);
  if (value instanceof Map) return [...value].map(([key, item]) => [canonical(key), canonical(item)]);
  if (Array.isArray(value)) return value.map(canonical);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, canonical(item)]));
}
