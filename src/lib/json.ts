/**
 * JSON in which 64-bit integers survive: an integer that a double cannot hold is read as a bigint and written back digit
 * for digit. Text without such numbers takes the plain JSON.parse path.
 */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** A 64-bit integer as it comes out of `parseJson`: a bigint only where a number would lose digits. */
export type Int64 = number | bigint;

const possiblyLong = /\d{16}/;
/** Strings are matched only to be skipped, so that digits inside them stay text. */
const stringOrLongInteger = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

/** @throws SyntaxError with the position, as JSON.parse */
export function parseJson(text: string): Json {
  if (!possiblyLong.test(text)) return JSON.parse(text);
  const mark = unusedMark(text);
  let marked = false;
  const safe = text.replace(stringOrLongInteger, (token) => {
    if (token.startsWith('"') || Number.isSafeInteger(Number(token))) return token;
    marked = true;
    return `"${mark}${token}"`;
  });
  const value: unknown = JSON.parse(safe);
  return (marked ? restore(value, mark) : value) as Json; // JSON.parse yields nothing but Json
}

/** Like JSON.stringify, with bigints as plain integers. @throws TypeError on cycles */
export function stringifyJson(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    if (!(error instanceof TypeError && /BigInt/i.test(error.message))) throw error;
  }
  const mark = unusedMark(JSON.stringify(value, (_key, item) => (typeof item === "bigint" ? String(item) : item)));
  const text = JSON.stringify(value, (_key, item) => (typeof item === "bigint" ? `${mark}${item}` : item), indent);
  return text.replace(new RegExp(`"${mark}(-?\\d+)"`, "g"), "$1");
}

/** True when two JSON values are equal, 7 and 7n included; the order of keys does not matter. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isInteger(a) && isInteger(b)) return String(a) === String(b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && equalArrays(a, b);
  return equalObjects(a as JsonObject, b as JsonObject);
}

const isInteger = (value: unknown) => typeof value === "bigint" || typeof value === "number";

function equalArrays(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => equalJson(item, b[i]));
}

function equalObjects(a: JsonObject, b: JsonObject): boolean {
  const keys = Object.keys(a).filter((key) => a[key] !== undefined);
  if (keys.length !== Object.keys(b).filter((key) => b[key] !== undefined).length) return false;
  return keys.every((key) => b[key] !== undefined && equalJson(a[key], b[key]));
}

function unusedMark(text: string): string {
  let mark = "integer:";
  while (text.includes(mark)) mark = `x${mark}`;
  return mark;
}

/** Turns marked strings back into bigints, in place: the value was just parsed and is nobody else's. */
function restore(value: unknown, mark: string): unknown {
  if (typeof value === "string") return value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value;
  if (typeof value !== "object" || value === null) return value;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    const item = holder[key];
    const restored = typeof item === "string" || typeof item === "object" ? restore(item, mark) : item;
    if (restored !== item) holder[key] = restored;
  }
  return holder;
}
