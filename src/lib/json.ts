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

/** Up to the 20 digits of 64 bits, as a whole value: what is longer becomes a double, as it does in Kubernetes. */
const longInteger = /(?:[[:,]|^)\s*(-?\d{16,20})(?=\s*(?:[\],}]|$))/g;
const possiblyLong = /\d{16}/;

/** @throws SyntaxError with the position, as JSON.parse */
export function parseJson(text: string): Json {
  const found = possiblyLong.test(text) ? longIntegersOf(text) : [];
  if (found.length === 0) return JSON.parse(text);
  const mark = unusedMark(text);
  const pieces: string[] = [];
  let end = 0;
  for (const { at, digits } of found) {
    pieces.push(text.slice(end, at), `"${mark}${digits}"`);
    end = at + digits.length;
  }
  pieces.push(text.slice(end));
  try {
    return restore(JSON.parse(pieces.join("")), mark) as Json; // JSON.parse yields nothing but Json
  } catch {
    return JSON.parse(text); // throws, with positions in the text that was given
  }
}

/** The integers outside strings that a double cannot hold, in the order of the text. */
function longIntegersOf(text: string): readonly { readonly at: number; readonly digits: string }[] {
  const found: { at: number; digits: string }[] = [];
  let inString = false;
  let seen = 0;
  for (const match of text.matchAll(longInteger)) {
    const [matched, digits = ""] = match;
    if (Number.isSafeInteger(Number(digits))) continue;
    for (let quote = text.indexOf('"', seen); quote >= 0 && quote < match.index; quote = text.indexOf('"', seen)) {
      if (!inString || !isEscaped(text, quote)) inString = !inString;
      seen = quote + 1;
    }
    if (!inString) found.push({ at: match.index + matched.length - digits.length, digits });
  }
  return found;
}

/** Whether an odd number of backslashes stands before the character. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === "\\") first--;
  return (at - first) % 2 === 1;
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
