import type { Json, JsonObject } from "../../lib/json.ts";
import { canonicalElement, compareElements, type Element, elementText } from "./element.ts";

/**
 * A set of field paths, in the very form in which managedFields carry it (FieldsV1): a tree of elements, in which `{}` is a
 * path that belongs to the set, and `"."` marks one that belongs to it beside others below it. The root is no path, so `{}`
 * there is the empty set. Sets are values: every function gives back a new one, or one it was given when that is the answer.
 */
export interface FieldSet {
  readonly [element: Element]: FieldSet;
}

export type Path = readonly Element[];

/** A path that belongs to the set and has none below it. */
export const leaf: FieldSet = Object.freeze({});
export const emptySet: FieldSet = Object.freeze({});

/** A tree that is being built. */
export type Branches = Record<Element, FieldSet>;

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether the path that leads to this node belongs to the set. */
export const isMember = (node: FieldSet): boolean => node["."] !== undefined || isEmpty(node);

/** The node with its own path in the set as well. */
export const withSelf = (node: FieldSet | undefined): FieldSet =>
  node === undefined || isMember(node) ? (node ?? leaf) : { ".": leaf, ...node };

/** A node from its two halves; undefined where nothing is left. */
function nodeOf(member: boolean, below: FieldSet): FieldSet | undefined {
  if (isEmpty(below)) return member ? leaf : undefined;
  return member ? { ".": leaf, ...below } : below;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a;
  if (isEmpty(a)) return b;
  let joined: Branches | undefined;
  for (const element in b) {
    const mine = a[element];
    const theirs = b[element] as FieldSet;
    const node = mine === undefined ? theirs : joinedNodes(mine, theirs);
    if (node === mine) continue;
    joined ??= { ...a };
    joined[element] = node;
  }
  return joined ?? a;
}

function joinedNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  if (isEmpty(a) || isEmpty(b)) return withSelf(isEmpty(a) ? b : a);
  return union(a, b);
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const shared: Branches = {};
  for (const element in a) {
    const mine = a[element] as FieldSet;
    const theirs = b[element];
    if (element === "." || theirs === undefined) continue;
    const node = nodeOf(isMember(mine) && isMember(theirs), intersection(mine, theirs));
    if (node) shared[element] = node;
  }
  return shared;
}

/** The paths of `a` that do not belong to `b`; what lies below a path of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return lessened(a, b, (mine, theirs) => {
    const isKept = isMember(mine) && !isMember(theirs);
    const below = withoutSelf(mine);
    const rest = difference(below, theirs);
    return rest === below && isKept === isMember(mine) ? mine : nodeOf(isKept, rest);
  });
}

/** The paths of `a` that neither belong to `b` nor lie below one that does. */
export function differenceBelow(a: FieldSet, b: FieldSet): FieldSet {
  return lessened(a, b, (mine, theirs) =>
    isMember(theirs) ? undefined : nodeOf(isMember(mine), differenceBelow(withoutSelf(mine), theirs)),
  );
}

type Lessen = (mine: FieldSet, theirs: FieldSet) => FieldSet | undefined;

function lessened(a: FieldSet, b: FieldSet, lessen: Lessen): FieldSet {
  let rest: Branches | undefined;
  for (const element in b) {
    const mine = a[element];
    if (element === "." || mine === undefined) continue;
    const node = lessen(mine, b[element] as FieldSet);
    if (node === mine) continue;
    rest = node ? { ...(rest ?? a), [element]: node } : without(rest ?? a, element);
  }
  return rest ?? a;
}

/** Made anew: an object that properties are deleted from is slow ever after. */
function without(set: FieldSet, gone: Element): Branches {
  const rest: Branches = {};
  for (const element in set) if (element !== gone) rest[element] = set[element] as FieldSet;
  return rest;
}

/** What lies below a node. */
export function withoutSelf(node: FieldSet): FieldSet {
  return node["."] === undefined ? node : without(node, ".");
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  for (const element in a) if (b[element] === undefined) return false;
  for (const element in b) {
    const mine = a[element];
    if (mine === undefined || !equalSets(mine, b[element] as FieldSet)) return false;
  }
  return true;
}

/** The set of one path. */
export const setOf = (...path: Path): FieldSet => path.reduceRight((below, element) => ({ [element]: below }), leaf);

/** All paths in order: those that end at a node before those that go further. */
export function pathsOf(set: FieldSet): readonly Path[] {
  const elements = Object.keys(set)
    .filter((element) => element !== ".")
    .sort(compareElements);
  const ending = elements.filter((element) => isMember(set[element] ?? leaf)).map((element) => [element]);
  const further = elements.flatMap((element) => pathsOf(set[element] ?? leaf).map((path) => [element, ...path]));
  return [...ending, ...further];
}

export const pathText = (path: Path): string => path.map(elementText).join("");

/** As deep as objects are nested at most, and far below what would exhaust the stack. */
const depthLimit = 200;

/** A set that somebody else wrote, each element in its one spelling. @throws SyntaxError if it is none */
export function parseSet(json: Json | undefined, depth = 0): FieldSet {
  if (typeof json !== "object" || json === null || Array.isArray(json) || depth > depthLimit)
    throw new SyntaxError("a set of fields is an object of objects, and not deeper than an object may be");
  const set: Branches = {};
  for (const [name, below] of Object.entries(json as JsonObject)) {
    if (name === ".") continue;
    const element = canonicalElement(name);
    const isSelf = isMember((below ?? {}) as unknown as FieldSet); // only its keys are looked at; parseSet checks it next
    const node = nodeOf(isSelf, parseSet(below, depth + 1));
    if (element !== undefined) set[element] = node ?? leaf;
  }
  return set;
}
