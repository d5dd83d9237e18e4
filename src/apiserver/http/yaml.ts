import { type Json, parseJson } from "../../lib/json.ts";
import { exportsOf } from "../../lib/lazy-module.ts";

/** Aliases that unfold to more than this are an attack, not a manifest. */
const aliasLimit = 100;

/** The value a YAML text states. The library is loaded for those who use it only. @throws YAMLParseError */
export async function parseYaml(text: string): Promise<Json> {
  const { parse } = exportsOf(await import("yaml"));
  const value: unknown = parse(text, { intAsBigInt: true, maxAliasCount: aliasLimit, merge: true });
  return withNumbers(value ?? null);
}

/** JSON rewritten as YAML. */
export async function yamlOf(json: Buffer): Promise<Buffer> {
  const { stringify } = exportsOf(await import("yaml"));
  return Buffer.from(stringify(parseJson(json.toString("utf8")), { aliasDuplicateObjects: false }));
}

/** Integers as numbers again, but for those that a number cannot hold. */
function withNumbers(value: unknown): Json {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(withNumbers);
  if (typeof value !== "object" || value === null) return value as Json; // YAML's core schema has no other scalars
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNumbers(item)]));
}
