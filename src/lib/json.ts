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
/** Quotes, escapes and whole numbers: digits in a fraction or an exponent are no integers. */
const quoteOrNumber = /\\.|"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Up to the 20 digits of 64 bits; what is longer becomes a double, as it does in Kubernetes. */
const longInteger = /^-?\d{16,20}$/;

/** @throws SyntaxError with the position, as JSON.parse */
export function parseJson(text: string): Json {
  const value: Json = JSON.parse(text); // first, so that what follows meets well-formed text only
  if (!possiblyLong.test(text)) return value;
  const mark = unusedMark(text);
  let marked = false;
  let inString = false;
  const safe = text.replace(quoteOrNumber, (token) => {
    if (token === '"') inString = !inString;
    if (inString || !longInteger.test(token) || Number.isSafeInteger(Number(token))) return token;
    marked = true;
    return `"${mark}${token}"`;
  });
  return marked ? (restore(JSON.parse(safe), mark) as Json) : value; // JSON.parse yields nothing but Json
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
  if (isInteger(a) && isInteger(b)) return BigInt(a) === BigInt(b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && equalArrays(a, b);
  return equalObjects(a as JsonObject, b as JsonObject);
}

const isInteger = (value: unknown): value is Int64 => typeof value === "bigint" || Number.isInteger(value);

function equalArrays(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => equalJson(item, b[i]));
}

function equalObjects(a: JsonObject, b: JsonObject): boolean {
  const keys = Object.keys(a).filter((key) => a[key] !== undefined);
  if (keys.length !== Object.keys(b).filter((key) => b[key] !== undefined).length) return false;
  return keys.every((key) => b[key] !== undefined && equalJson(a[key], b[key]));
}

/** A beginning that no string in the JSON `text` has, however it is escaped. */
function unusedMark(text: string): string {
  const unescaped = text.replace(/\\u([0-9a-f]{4})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  let mark = "integer:";
  while (text.includes(mark) || unescaped.includes(mark)) mark = `x${mark}`;
  return mark;
}

/** Defined, not assigned: a key may be "__proto__". */
const property = { writable: true, enumerable: true, configurable: true };

/** Turns marked strings back into bigints, in place: the value was just parsed and is nobody else's. */
function restore(value: unknown, mark: string): unknown {
  if (typeof value === "string") return value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value;
  if (typeof value !== "object" || value === null) return value;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    const item = holder[key];
    const restored = typeof item === "string" || typeof item === "object" ? restore(item, mark) : item;
    if (restored !== item) Object.defineProperty(holder, key, { ...property, value: restored });
  }
  return holder;
}
