import { type Json, type JsonObject, parseJson, stringifyJson } from "../../lib/json.ts";

/**
 * One step of a field path, in the spelling of Kubernetes' managedFields: `f:NAME` a field of an object, `k:{"KEY":VALUE}` an
 * item of a list by its keys, `v:VALUE` an item of a set, `i:N` an item by its place.
 */
export type Element = string;

export const fieldElement = (name: string): Element => `f:${name}`;

/** The keys are given in the order of their names. */
export const keyElement = (keys: JsonObject): Element => `k:${goJson(keys)}`;

export const valueElement = (value: Json): Element => `v:${goJson(value)}`;

const escapes: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** JSON as Go writes it, so that an element is spelt the same whoever wrote it. */
const goJson = (value: Json) => stringifyJson(value).replace(/[<>&\u2028\u2029]/g, (char) => escapes[char] ?? char);

/** The one spelling of an element; undefined for a kind of element that nobody knows. @throws SyntaxError if it is malformed */
export function canonicalElement(element: string): Element | undefined {
  const [kind, rest] = [element.slice(0, 2), element.slice(2)];
  if (kind === "f:") return element;
  if (kind === "v:") return valueElement(parseJson(rest));
  if (kind === "k:") return keyElement(sortedByName(keysOf(rest)));
  if (kind === "i:" && /^-?\d+$/.test(rest)) return `i:${Number(rest)}`;
  if (kind[1] !== ":" || kind === "i:") throw new SyntaxError(`"${element}" is no element of a field path`);
  return undefined;
}

const sortedByName = (keys: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1)));

function keysOf(json: string): JsonObject {
  const keys = parseJson(json);
  if (typeof keys !== "object" || keys === null || Array.isArray(keys))
    throw new SyntaxError(`${json} are no keys of a list's item`);
  return keys as JsonObject; // neither a scalar nor an array
}

/** The element as people read it: `.name`, `[key="value"]`, `[="value"]`, `[0]`. */
export function elementText(element: Element): string {
  const rest = element.slice(2);
  switch (element.slice(0, 2)) {
    case "f:":
      return `.${rest}`;
    case "k:":
      return `[${Object.entries(keysOf(rest))
        .map(([name, value]) => `${name}=${stringifyJson(value)}`)
        .join(",")}]`;
    case "v:":
      return `[=${stringifyJson(parseJson(rest))}]`;
    default:
      return `[${rest}]`;
  }
}

/** Fields first, by name; then items by their keys, by value, by place. */
export function compareElements(a: Element, b: Element): number {
  const [kindA, kindB] = [a.slice(0, 2), b.slice(0, 2)];
  if (kindA !== kindB) return kinds.indexOf(kindA) - kinds.indexOf(kindB);
  if (kindA === "f:") return compareScalars(a, b);
  if (kindA === "k:") return compareKeys(keysOf(a.slice(2)), keysOf(b.slice(2)));
  return compareScalars(parseJson(a.slice(2)), parseJson(b.slice(2)));
}

const kinds = ["f:", "k:", "v:", "i:"];

function compareKeys(a: JsonObject, b: JsonObject): number {
  const [keysA, keysB] = [Object.entries(a), Object.entries(b)];
  for (const [i, [name, value]] of keysA.entries()) {
    const other = keysB[i];
    if (!other) return 1;
    const order = compareScalars(name, other[0]) || compareScalars(value ?? null, other[1] ?? null);
    if (order !== 0) return order;
  }
  return keysA.length - keysB.length;
}

function compareScalars(a: Json, b: Json): number {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0;
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
  const [textA, textB] = [String(a), String(b)];
  return textA < textB ? -1 : textA > textB ? 1 : 0;
}

const isNumber = (value: Json): value is number | bigint => typeof value === "number" || typeof value === "bigint";
