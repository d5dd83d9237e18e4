import { equalJson, type Json, type JsonObject } from "../../lib/json.ts";
import { fieldOf, isList, isMap, presentFields } from "./collect.ts";
import type { Element } from "./element.ts";
import { byElement, itemsOf } from "./items.ts";
import { type Branches, differenceBelow, emptySet, type FieldSet, isEmpty, leaf, withoutSelf } from "./set.ts";
import { isAlways, type ListShape, type MapShape, type Shape, shapeFor } from "./shape.ts";

/** What became of the fields of an object; no field is in two of the sets. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const unchanged: Comparison = { added: emptySet, modified: emptySet, removed: emptySet };

/** The fields in which two versions of an object differ. */
export function compareObjects(before: JsonObject, after: JsonObject, shape: Shape): Comparison {
  return { ...unchanged, ...compareValues(before, after, shape) };
}

/** The comparison without the fields of `ignored` and what lies below them. */
export function ignoring({ added, modified, removed }: Comparison, ignored: FieldSet): Comparison {
  if (isEmpty(ignored)) return { added, modified, removed };
  return {
    added: differenceBelow(added, ignored),
    modified: differenceBelow(modified, ignored),
    removed: differenceBelow(removed, ignored),
  };
}

/** The nodes of the three trees at one place; undefined where nothing changed. */
type Changes = { [set in keyof Comparison]?: FieldSet } | undefined;

function compareValues(before: Json | undefined, after: Json | undefined, shape: Shape): Changes {
  if (before === after) return undefined;
  if (before === undefined) return { added: presentFields(after ?? null, shape) };
  if (after === undefined) return { removed: presentFields(before, shape) };
  const [was, is] = [shapeFor(shape, before), shapeFor(shape, after)];
  if (was.is !== is.is && before !== null && after !== null) return replaced(before, after, shape);
  const known = before === null ? is : was;
  if (known.is === "scalar" || known.atomic || (isNothing(before) && isNothing(after)))
    return equalJson(before, after) ? undefined : { modified: leaf };
  return known.is === "map" ? compareMaps(before, after, known) : compareLists(before, after, known);
}

const isNothing = (value: Json) =>
  value === null || (typeof value === "object" && Object.values(value).every((item) => item === undefined));

/** Where anything may be, one kind of value took the place of another. */
function replaced(before: Json, after: Json, shape: Shape): Changes {
  const added = withoutSelf(presentFields(after, shape));
  const removed = withoutSelf(presentFields(before, shape));
  return { modified: leaf, ...(!isEmpty(added) && { added }), ...(!isEmpty(removed) && { removed }) };
}

const emptyMap: JsonObject = {};

function compareMaps(before: Json, after: Json, shape: MapShape): Changes {
  const [was, is] = [isMap(before) ? before : emptyMap, isMap(after) ? after : emptyMap];
  const trees = new Trees();
  for (const key in was) compareField(trees, key, was, is, shape);
  for (const key in is) if (was[key] === undefined) compareField(trees, key, was, is, shape);
  return trees.changes;
}

function compareField(trees: Trees, key: string, was: JsonObject, is: JsonObject, shape: MapShape): void {
  const [before, after] = [was[key], is[key]];
  if (before === after) return;
  const { element, shape: field } = fieldOf(shape, key);
  const absent = emptyOf(field);
  trees.put(element, compareValues(before ?? absent, after ?? absent, field));
}

/** What an absent field is the same as. */
function emptyOf(field: Shape): Json | undefined {
  if (!isAlways(field)) return undefined;
  return field.is === "map" ? emptyMap : [];
}

function compareLists(before: Json, after: Json, shape: ListShape): Changes {
  const was = byElement(itemsOf(isList(before) ? before : [], shape));
  const is = byElement(itemsOf(isList(after) ? after : [], shape));
  const trees = new Trees();
  for (const element of new Set([...was.keys(), ...is.keys()]))
    trees.put(element, compareItems(was.get(element) ?? [], is.get(element) ?? [], shape.items));
  return trees.changes;
}

/** Items that occur more than once are owned together, as a whole. */
function compareItems(was: readonly Json[], is: readonly Json[], shape: Shape): Changes {
  if (was.length <= 1 && is.length <= 1) return compareValues(was[0], is[0], shape);
  if (was.length > 1 && is.length > 1) return equalJson(was, is) ? undefined : { modified: leaf };
  if (was.length > 1) return { removed: leaf, ...compareValues(undefined, is[0], shape) };
  return { added: leaf, ...compareValues(was[0], undefined, shape) };
}

/** The three trees below one place, made when there is something to put in. */
class Trees {
  readonly changes: { -readonly [set in keyof Comparison]?: Branches } = {};

  put(element: Element, changes: Changes): void {
    if (!changes) return;
    for (const set of ["added", "modified", "removed"] as const) {
      const node = changes[set];
      if (!node) continue;
      const branches = this.changes[set] ?? {};
      branches[element] = node;
      this.changes[set] = branches;
    }
  }
}
