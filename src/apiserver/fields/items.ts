import type { Json, JsonObject } from "../../lib/json.ts";
import { type Element, keyElement, valueElement } from "./element.ts";
import type { ListShape } from "./shape.ts";

/** An item of a list that is owned item by item. */
export interface Item {
  readonly element: Element;
  readonly value: Json;
}

/** The items with what tells them apart; those that nothing tells apart are left out. */
export function itemsOf(list: readonly Json[], shape: ListShape): readonly Item[] {
  const items: Item[] = [];
  for (const value of list) {
    const element = elementOf(value, shape);
    if (typeof element === "string") items.push({ element, value });
  }
  return items;
}

interface Problem {
  readonly problem: string;
}

/** What an item is known by, or why there is nothing to know it by. */
export function elementOf(value: Json, { keys, keyDefaults }: ListShape): Element | Problem {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  if (keys.length === 0) {
    if (isMap) return { problem: "associative list without keys has an element that's a map type" };
    if (value === null) return { problem: "associative list without keys has an element that's an explicit null" };
    if (Array.isArray(value)) return { problem: "not supported: associative list with lists as elements" };
    return valueElement(value);
  }
  if (value === null) return { problem: "associative list with keys may not have a null element" };
  if (!isMap) return { problem: "associative list with keys may not have non-map elements" };
  const identity: Record<string, Json> = {};
  for (const key of keys) {
    const part = (value as JsonObject)[key] ?? keyDefaults[key];
    if (part !== undefined) identity[key] = part;
  }
  if (Object.keys(identity).length > 0) return keyElement(identity);
  const names = `["${keys.join('" "')}"]`;
  return {
    problem: `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`,
  };
}

/** The items by their element; more than one for an element that occurs more often. */
export function byElement(items: readonly Item[]): ReadonlyMap<Element, readonly Json[]> {
  const found = new Map<Element, Json[]>();
  for (const { element, value } of items) {
    const same = found.get(element);
    if (same) same.push(value);
    else found.set(element, [value]);
  }
  return found;
}
