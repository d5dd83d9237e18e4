import { type Json, stringifyJson } from "../../lib/json.ts";
import type { FieldError } from "../kinds/kind.ts";

/** A value in a message is cut at this length, so that no refusal echoes a megabyte back. */
const shownLimit = 400;

/** A value as messages show it: strings quoted, everything else as JSON. */
export function shown(value: Json | undefined): string {
  const text = value === undefined ? "null" : stringifyJson(value);
  return text.length > shownLimit ? `${text.slice(0, shownLimit)}...` : text;
}

export const required = (field: string, detail = ""): FieldError => ({
  field,
  reason: "FieldValueRequired",
  message: detail ? `Required value: ${detail}` : "Required value",
});

export const invalid = (field: string, value: Json | undefined, detail: string): FieldError => ({
  field,
  reason: "FieldValueInvalid",
  message: `Invalid value: ${shown(value)}: ${detail}`,
});

/** A value of the wrong type: Kubernetes shows the type it has, not the value. */
export const wrongType = (field: string, value: Json, wanted: string): FieldError => ({
  field,
  reason: "FieldValueTypeInvalid",
  message: `Invalid value: "${typeName(value)}": ${field} in body must be of type ${wanted}: "${typeName(value)}"`,
});

/** A text that has not the form its format asks for. */
export const wrongFormat = (field: string, value: Json, format: string): FieldError => ({
  field,
  reason: "FieldValueTypeInvalid",
  message: `Invalid value: ${shown(value)}: ${field} in body must be of type ${format}: ${JSON.stringify(String(value))}`,
});

export const unsupported = (field: string, value: Json, supported: readonly Json[]): FieldError => ({
  field,
  reason: "FieldValueNotSupported",
  message: `Unsupported value: ${shown(value)}: supported values: ${supported.map(shown).join(", ")}`,
});

export const forbidden = (field: string, detail: string): FieldError => ({
  field,
  reason: "FieldValueForbidden",
  message: `Forbidden: ${detail}`,
});

export const duplicate = (field: string, value: Json): FieldError => ({
  field,
  reason: "FieldValueDuplicate",
  message: `Duplicate value: ${shown(value)}`,
});

export const tooMany = (field: string, count: number, limit: number): FieldError => ({
  field,
  reason: "FieldValueTooMany",
  message: `Too many: ${count}: must have at most ${limit} ${limit === 1 ? "item" : "items"}`,
});

export const tooLong = (field: string, limit: number): FieldError => ({
  field,
  reason: "FieldValueTooLong",
  message: `Too long: may not be more than ${limit} ${limit === 1 ? "byte" : "bytes"}`,
});

function typeName(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "bigint") return "integer";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}
