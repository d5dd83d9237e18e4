import { failureOf } from "../../lib/failure.ts";
import type { FieldError } from "../kinds/kind.ts";
import { forbidden, invalid } from "../schema/messages.ts";
import { parsePattern } from "../schema/pattern.ts";
import type { Schema } from "../schema/schema.ts";

/** All patterns of one schema together, compiled: about half a second of everybody's time. */
const sizeLimit = 200_000;

/** What is wrong with the patterns of a schema, however deep. Looks no further once they are too much. */
export function patternErrors(schema: Schema, field: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const { pattern, at } of patternsIn(schema, field)) {
    try {
      size += parsePattern(pattern).size;
    } catch (error) {
      errors.push(invalid(at, pattern, failureOf(error).message));
    }
    if (size > sizeLimit)
      return [...errors, forbidden(at, "the patterns up to here are too large: repeat less in them")];
  }
  return errors;
}

interface Placed {
  readonly pattern: string;
  readonly at: string;
}

function* patternsIn(schema: Schema, field: string): Generator<Placed> {
  if (schema.pattern !== undefined) yield { pattern: schema.pattern, at: `${field}.pattern` };
  for (const [at, inner] of schemasIn(schema)) yield* patternsIn(inner, `${field}.${at}`);
}

function schemasIn({ properties, additionalProperties, items, not, ...schema }: Schema) {
  const branches = (["oneOf", "anyOf", "allOf"] as const).flatMap((name) =>
    (schema[name] ?? []).map((branch, i) => [`${name}[${i}]`, branch] as const),
  );
  const one = (name: string, inner: Schema | boolean | undefined) =>
    typeof inner === "object" ? [[name, inner] as const] : [];
  return [
    ...Object.entries(properties ?? {}).map(([name, property]) => [`properties[${name}]`, property] as const),
    ...one("additionalProperties", additionalProperties),
    ...one("items", items),
    ...branches,
    ...one("not", not),
  ];
}
