import { Failure } from "../../lib/failure.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import type { Kind } from "../kinds/kind.ts";

type Test = (object: JsonObject) => boolean;

/** The same bound as for label selectors: each term is tried on every object of a list. */
const termLimit = 256;

/**
 * Reads the fieldSelector of a query: `metadata.name=x,status.phase!=Running`; `\`, `,` and `=` in values are escaped
 * by a backslash. A field that is absent counts as "" (as false, if it is a boolean).
 *
 * @throws Failure "invalid" for a malformed term, or a field by which this kind cannot be selected
 */
export function parseFieldSelector(text: string, kind: Kind): Test {
  const terms = splitUnescaped(text, ",").filter((term) => term.trim() !== "");
  if (terms.length > termLimit)
    throw new Failure("invalid", `field selector has ${terms.length} terms, more than ${termLimit}`);
  const tests = terms.map((term) => parseTerm(term, kind));
  return (object) => tests.every((test) => test(object));
}

const comparison = /^\s*([^=!\\\s]+)\s*(!=|==?)((?:[^\\=]|\\[\\,=])*)$/;

function parseTerm(term: string, kind: Kind): Test {
  const match = comparison.exec(term);
  const [, field = "", operator, raw = ""] = match ?? [];
  if (!match)
    throw new Failure(
      "invalid",
      `field selector has the term "${term}", which is not of the form field=value, field==value or field!=value`,
    );
  if (!isSelectable(field, kind))
    throw new Failure(
      "invalid",
      `field label not supported: ${field}; ${kind.plural} can be selected by ${fieldsOf(kind).join(", ")}`,
    );
  const value = raw.replaceAll(/\\(.)/g, "$1");
  const read = readerOf(field, kind);
  return operator === "!=" ? (object) => read(object) !== value : (object) => read(object) === value;
}

const fieldsOf = (kind: Kind): readonly string[] => [
  "metadata.name",
  ...(kind.namespaced ? ["metadata.namespace"] : []),
  ...kind.selectableFields,
];

const isSelectable = (field: string, kind: Kind) => fieldsOf(kind).includes(field);

function readerOf(field: string, kind: Kind): (object: JsonObject) => string {
  const path = (kind.fieldPaths?.[field] ?? field).split(".");
  const absent = isBoolean(path, kind.schema) ? "false" : "";
  return (object) => {
    let value: Json | undefined = object;
    for (const step of path) value = isObject(value) ? value[step] : undefined;
    return value === undefined || value === null || typeof value === "object" ? absent : String(value);
  };
}

function isBoolean(path: readonly string[], schema: JsonObject): boolean {
  let at: Json | undefined = schema;
  for (const step of path) {
    const properties: Json | undefined = isObject(at) ? at.properties : undefined;
    at = isObject(properties) ? properties[step] : undefined;
  }
  return isObject(at) && at.type === "boolean";
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function splitUnescaped(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let part = "";
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === "\\") part += char + text.charAt(++i);
    else if (char === separator) {
      parts.push(part);
      part = "";
    } else part += char;
  }
  return [...parts, part];
}
