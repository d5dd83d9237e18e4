import type { Json, JsonObject } from "../../lib/json.ts";
import { fieldOf, isList, isMap } from "./collect.ts";
import { elementOf } from "./items.ts";
import { type FieldSet, isEmpty, isMember } from "./set.ts";
import { type ListShape, type MapShape, type Shape, shapeFor } from "./shape.ts";

/** The object without the fields and items of the set. What thereby becomes empty is null. */
export function removeFields(object: JsonObject, set: FieldSet, shape: Shape): JsonObject {
  return isEmpty(set) ? object : ((removed(object, set, shape) ?? {}) as JsonObject); // an object's rest is an object
}

function removed(value: Json, set: FieldSet, shape: Shape): Json {
  const known = shapeFor(shape, value);
  if (known.is === "scalar") return value;
  if (known.atomic) return null;
  if (known.is === "map") return isMap(value) ? removedFromMap(value, set, known) : null;
  return isList(value) ? removedFromList(value, set, known) : null;
}

function removedFromMap(map: JsonObject, set: FieldSet, shape: MapShape): Json {
  const kept = Object.entries(map).flatMap(([key, value]): [string, Json][] => {
    const { element, shape: field } = fieldOf(shape, key);
    const node = set[element];
    if (value === undefined || (node && isMember(node))) return [];
    return [[key, node ? removed(value, node, field) : value]];
  });
  return kept.length > 0 ? Object.fromEntries(kept) : null;
}

function removedFromList(list: readonly Json[], set: FieldSet, shape: ListShape): Json {
  const kept = list.flatMap((value) => {
    const element = elementOf(value, shape);
    const node = typeof element === "string" ? set[element] : undefined;
    if (node && isMember(node)) return [];
    return [node ? removed(value, node, shape.items) : value];
  });
  return kept.length > 0 ? kept : null;
}
