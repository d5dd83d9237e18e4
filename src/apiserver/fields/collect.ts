import type { Json, JsonObject } from "../../lib/json.ts";
import { fieldElement } from "./element.ts";
import { byElement, itemsOf } from "./items.ts";
import { type Branches, emptySet, type FieldSet, isEmpty, leaf, withSelf } from "./set.ts";
import { type Field, type MapShape, type Shape, shapeFor } from "./shape.ts";

/** The fields that somebody who applies `value` claims: every leaf, every item, and what is empty or has no fixed name. */
export function claimedFields(value: JsonObject, shape: Shape): FieldSet {
  return claimed(value, shape) ?? emptySet;
}

function claimed(value: Json, shape: Shape): FieldSet | undefined {
  const known = shapeFor(shape, value);
  if (known.is === "scalar" || known.atomic) return leaf;
  if (known.is === "list") {
    if (!isList(value)) return undefined;
    const below: Branches = {};
    for (const [element, [first = null, ...more]] of byElement(itemsOf(value, known)))
      below[element] = more.length > 0 ? leaf : withSelf(claimed(first, known.items));
    return value.length > 0 ? below : undefined;
  }
  if (!isMap(value)) return undefined;
  const below: Branches = {};
  for (const key in value) {
    const item = value[key];
    if (item === undefined) continue;
    const { element, shape: field } = fieldOf(known, key);
    const node = claimed(item, field);
    const isOwn = item === null || isEmptyMap(item) || !known.fields.has(key);
    if (isOwn) below[element] = withSelf(node);
    else if (node) below[element] = node;
  }
  return isEmpty(below) ? undefined : below;
}

/** Everything there is in `value`: what an update adds when nothing was there before. */
export function presentFields(value: Json, shape: Shape): FieldSet {
  const known = shapeFor(shape, value);
  if (known.is === "scalar" || known.atomic) return leaf;
  const below: Branches = { ".": leaf };
  if (known.is === "list") {
    for (const [element, [first = null, ...more]] of byElement(itemsOf(isList(value) ? value : [], known)))
      below[element] = more.length > 0 ? leaf : presentFields(first, known.items);
  } else {
    const map = isMap(value) ? value : {};
    for (const key in map) {
      const item = map[key];
      if (item === undefined) continue;
      const { element, shape: field } = fieldOf(known, key);
      below[element] = presentFields(item, field);
    }
    for (const key of known.always) if (map[key] === undefined) below[fieldElement(key)] = leaf;
  }
  return hasBelow(below) ? below : leaf;
}

function hasBelow(node: FieldSet): boolean {
  for (const element in node) if (element !== ".") return true;
  return false;
}

const leafShape: Shape = { is: "scalar", type: "any" };

/** A field of a map as its shape knows it; of a field that may not be there nothing is known. */
export const fieldOf = (map: MapShape, key: string): Field =>
  map.fields.get(key) ?? { element: fieldElement(key), shape: map.others ?? leafShape };

/** The set with the named fields that lead to its paths: with `spec.size` also `spec`, but with `labels.app` not `labels`. */
export function withNamedFields(set: FieldSet, shape: Shape): FieldSet {
  const all: Branches = {};
  for (const element in set) {
    const node = set[element] as FieldSet;
    if (element === ".") continue;
    const { below, isNamed } = stepInto(shape, element);
    const further = withNamedFields(node, below);
    const self = node["."] !== undefined || isNamed || isEmpty(node);
    all[element] = self ? withSelf(further) : further;
  }
  return all;
}

/** The shape one step further down. */
function stepInto(shape: Shape, element: string): { readonly below: Shape; readonly isNamed: boolean } {
  const name = element.slice(2);
  const known = shape.is === "any" ? shape.map : shape;
  if (known.is === "map" && element.startsWith("f:"))
    return { below: fieldOf(known, name).shape, isNamed: known.fields.has(name) };
  return { below: known.is === "list" ? known.items : leafShape, isNamed: false };
}

/** The set cut to what the shape owns as a whole: the definition may have become atomic since the set was made. */
export function cutToShape(set: FieldSet, shape: Shape): FieldSet {
  let cut: Branches | undefined;
  for (const element in set) {
    const node = set[element] as FieldSet;
    if (element === "." || isEmpty(node)) continue;
    const { below } = stepInto(shape, element);
    const isWhole = (below.is === "map" || below.is === "list") && below.atomic;
    const kept = isWhole ? leaf : cutToShape(node, below);
    if (kept === node) continue;
    cut ??= { ...set };
    cut[element] = kept;
  }
  return cut ?? set;
}

export const isMap = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

function isEmptyMap(value: Json | undefined): boolean {
  if (!isMap(value)) return false;
  for (const key in value) if (value[key] !== undefined) return false;
  return true;
}
