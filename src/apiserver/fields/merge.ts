import type { Json, JsonObject } from "../../lib/json.ts";
import { fieldOf, isList, isMap } from "./collect.ts";
import type { Element } from "./element.ts";
import { byElement, type Item, itemsOf } from "./items.ts";
import { type ListShape, type MapShape, type Shape, shapeFor } from "./shape.ts";

/**
 * The live object with an applied configuration laid over it: maps merge field by field, lists item by item, and what is owned
 * as a whole is replaced. Nothing is removed.
 */
export function mergeConfiguration(live: JsonObject, config: JsonObject, shape: Shape): JsonObject {
  return merged(live, config, shape) as JsonObject; // two objects make an object
}

function merged(live: Json | undefined, config: Json | undefined, shape: Shape): Json {
  if (config === undefined) return live ?? null;
  if (live === undefined || live === null || live === config) return config;
  const known = shapeFor(shape, config === null ? live : config);
  if (known.is === "map" && !known.atomic && isMap(live)) {
    if (isMap(config)) return mergedMap(live, config, known);
    if (config === null) return Object.keys(live).length > 0 ? live : config;
  }
  if (known.is === "list" && !known.atomic && isList(live)) {
    if (isList(config)) return live.length > 0 && config.length === 0 ? live : mergedList(live, config, known);
    if (config === null) return live.length > 0 ? live : config;
  }
  return config;
}

function mergedMap(live: JsonObject, config: JsonObject, shape: MapShape): JsonObject {
  const result: Record<string, Json | undefined> = { ...live };
  for (const key of Object.keys(config)) {
    const value = merged(Object.hasOwn(live, key) ? live[key] : undefined, config[key], fieldOf(shape, key).shape);
    Object.defineProperty(result, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return result;
}

/**
 * The items of both lists: those of the configuration in its order, and the others where they stood among those that the two
 * have in common.
 */
function mergedList(live: readonly Json[], config: readonly Json[], shape: ListShape): readonly Json[] {
  const [left, right] = [itemsOf(live, shape), itemsOf(config, shape)];
  const [inLeft, inRight] = [byElement(left), byElement(right)];
  const shared = right.filter(({ element }) => inLeft.has(element)).map(({ element }) => element);
  const taken = new Set<Element>();
  const result: Json[] = [];
  const take = ({ element, value }: Item) => {
    const same = inLeft.get(element) ?? [];
    result.push(merged(same.length === 1 ? same[0] : undefined, value, shape.items));
    taken.add(element);
    if (shared[0] === element) shared.shift();
  };
  for (let l = 0, r = 0; l < left.length || r < right.length; ) {
    const [mine, theirs] = [left[l], right[r]];
    if (mine && mine.element === theirs?.element) {
      take(theirs);
      l++;
      r++;
    } else if (mine && theirs && inRight.has(mine.element) && shared[0] !== undefined && shared[0] !== mine.element) {
      l++; // its turn comes with the configuration's order
    } else if (mine && !inRight.has(mine.element)) {
      result.push(mine.value);
      l++;
    } else {
      if (mine && taken.has(mine.element)) l++;
      if (theirs) {
        take(theirs);
        r++;
      }
    }
  }
  return result;
}
