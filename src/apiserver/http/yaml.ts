import { type Json, parseJson } from "../../lib/json.ts";
import { exportsOf } from "../../lib/lazy-module.ts";

/** Aliases that unfold to more than this are an attack, not a manifest. */
const aliasLimit = 100;

/** The value a YAML text states. The library is loaded for those who use it only. @throws YAMLParseError */
export async function parseYaml(text: string): Promise<Json> {
  const { parse } = exportsOf(await import("yaml"));
  const value: unknown = parse(text, { ...options, uniqueKeys: false });
  return withNumbers(value ?? null);
}

const options = { intAsBigInt: true, maxAliasCount: aliasLimit, merge: true } as const;

/** The keys that a map of a YAML text has more than once, in the words in which Go tells them. */
export async function repeatedYamlKeys(text: string): Promise<readonly string[]> {
  const { isPair, isScalar, LineCounter, parseDocument, visit } = exportsOf(await import("yaml"));
  const lineCounter = new LineCounter();
  const found: string[] = [];
  visit(parseDocument(text, { ...options, uniqueKeys: false, lineCounter }), {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const item of items) {
        if (!isPair(item) || !isScalar(item.key)) continue;
        const { value, range } = item.key;
        if (seen.has(value))
          found.push(`line ${lineCounter.linePos(range?.[0] ?? 0).line}: key "${String(value)}" already set in map`);
        seen.add(value);
      }
    },
  });
  return found;
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
