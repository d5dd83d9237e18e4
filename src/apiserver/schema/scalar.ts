import type { Json } from "../../lib/json.ts";
import { formats } from "./format.ts";
import { invalid, tooLong, wrongFormat } from "./messages.ts";
import { pathText } from "./path.ts";
import { parsePattern } from "./pattern.ts";
import { canonicalQuantity, parseQuantity } from "./quantity.ts";
import type { Schema } from "./schema.ts";
import type { Check, Walk } from "./walk.ts";

const int32Max = 2 ** 31;

/** One check: `holds` decides, `detail` says after the field's path what should have been so. */
function check<T>(holds: (value: T) => boolean, detail: string): Check {
  return (value, path, visit) => {
    if (holds(value as T)) return; // T is what the walk of this type has made sure of
    const field = pathText(path);
    visit.errors.push(invalid(field, value, `${field} in body ${detail}`));
  };
}

export function stringChecks(schema: Schema): readonly Check[] {
  const checks: Check[] = [];
  const { minLength, maxLength, pattern } = schema;
  if (minLength !== undefined)
    checks.push(check<string>((text) => lengthOf(text) >= minLength, `should be at least ${minLength} chars long`));
  if (maxLength !== undefined)
    checks.push((value, path, visit) => {
      if (lengthOf(String(value)) > maxLength) visit.errors.push(tooLong(pathText(path), maxLength));
    });
  if (pattern !== undefined) checks.push(patternCheck(pattern));
  const format = formats.get(schema.format ?? "");
  if (format)
    checks.push((value, path, visit) => {
      if (!format(String(value))) visit.errors.push(wrongFormat(pathText(path), value, schema.format ?? ""));
    });
  return checks;
}

function patternCheck(source: string): Check {
  const pattern = parsePattern(source);
  const matches = check<string>((text) => pattern.isIn(text), `should match '${source}'`);
  return (value, path, visit) => {
    visit.left.patternWork -= pattern.workFor(String(value));
    if (visit.left.patternWork >= 0) return matches(value, path, visit);
    const field = pathText(path);
    visit.errors.push(invalid(field, value, `${field} in body is too long to be matched with '${source}'`));
  };
}

/** In characters, not in UTF-16 units; the cheap test first. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) length--;
  return length;
}

export function numberChecks(schema: Schema): readonly Check[] {
  const checks: Check[] = [];
  const { minimum, maximum, multipleOf } = schema;
  if (minimum !== undefined && schema.exclusiveMinimum)
    checks.push(check<number>((value) => value > minimum, `should be greater than ${minimum}`));
  else if (minimum !== undefined)
    checks.push(check<number>((value) => value >= minimum, `should be greater than or equal to ${minimum}`));
  if (maximum !== undefined && schema.exclusiveMaximum)
    checks.push(check<number>((value) => value < maximum, `should be less than ${maximum}`));
  else if (maximum !== undefined)
    checks.push(check<number>((value) => value <= maximum, `should be less than or equal to ${maximum}`));
  if (multipleOf !== undefined)
    checks.push(check<number>((value) => Number(value) % multipleOf === 0, `should be a multiple of ${multipleOf}`));
  if (schema.format === "int32")
    checks.push(check<number>((value) => value >= -int32Max && value < int32Max, "must be of type int32"));
  if (schema.type === "integer")
    checks.push(
      check<Json>((value) => typeof value !== "bigint" || BigInt.asIntN(64, value) === value, "must fit 64 bits"),
    );
  return checks;
}

/** Reads a quantity and writes it back in its one spelling, a bare number as a string. */
export const quantityWalk: Walk = (value, path, visit) => {
  const isAmount = typeof value === "string" || typeof value === "number" || typeof value === "bigint";
  const quantity = isAmount ? parseQuantity(String(value)) : undefined;
  if (quantity) return canonicalQuantity(quantity);
  const detail = "must be a quantity: a number with an optional unit (Ki, Mi, Gi, Ti, Pi, Ei; m, k, M, G, T, P, E; e3)";
  visit.errors.push(invalid(pathText(path), value, detail));
  return value;
};
