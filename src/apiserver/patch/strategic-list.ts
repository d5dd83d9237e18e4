import { Failure } from "../../lib/failure.ts";
import { equalJson, type Json, type JsonObject, stringifyJson } from "../../lib/json.ts";
import type { Schema } from "../schema/schema.ts";
import { isList, isObject } from "./shape.ts";

interface Changes {
  readonly value: Json | undefined;
  readonly removed: Json | undefined;
  readonly order: Json | undefined;
}

interface ListAt {
  readonly schema: Schema | undefined;
  readonly depth: number;
  /** How two items with the same key become one. */
  mergeObjects(
    target: JsonObject,
    patch: JsonObject,
    at: { readonly schema: Schema | undefined; readonly depth: number },
  ): JsonObject;
  withoutDirectives(patch: JsonObject): JsonObject;
}

/** Merges a list item by item, then puts the items in the order the patch asks for. */
export function mergeLists(current: readonly Json[], changes: Changes, at: ListAt): readonly Json[] {
  const patch = isList(changes.value) ? changes.value : [];
  const mergeKey = at.schema?.["x-kubernetes-patch-merge-key"];
  const merged = mergeKey
    ? mergeByKey(current, patch, { ...at, mergeKey })
    : mergeScalars(current, patch, changes.removed);
  if (!isList(changes.order)) return merged;
  return inOrder({ merged, current, order: changes.order, identity: identityBy(mergeKey) });
}

function mergeScalars(current: readonly Json[], patch: readonly Json[], removed: Json | undefined): readonly Json[] {
  const gone = isList(removed) ? removed : [];
  const kept = current.filter((item) => !gone.some((one) => equalJson(one, item)));
  const added = patch.filter((item, i) => !kept.includes(item) && patch.indexOf(item) === i);
  return [...kept, ...added];
}

function mergeByKey(
  current: readonly Json[],
  patch: readonly Json[],
  at: ListAt & { readonly mergeKey: string },
): readonly Json[] {
  const items = patch.map(itemOf);
  if (items.some((item) => item.$patch === "replace"))
    return items.filter((item) => item.$patch !== "replace").map((item) => at.withoutDirectives(item));
  let merged: readonly Json[] = current;
  for (const item of items) {
    const key = keyOf(item, at.mergeKey);
    const has = (other: Json) => isObject(other) && equalJson(other[at.mergeKey], key);
    const index = merged.findIndex(has);
    const existing = merged[index];
    if (item.$patch === "delete") merged = merged.filter((other) => !has(other));
    else if (isObject(existing))
      merged = merged.with(index, at.mergeObjects(existing, item, { schema: at.schema?.items, depth: at.depth + 1 }));
    else merged = [...merged, at.withoutDirectives(item)];
  }
  return merged;
}

function itemOf(item: Json): JsonObject {
  if (isObject(item)) return item;
  throw new Failure("invalid", `strategic merge patch has ${stringifyJson(item)} in a list whose items are objects`);
}

function keyOf(item: JsonObject, mergeKey: string): Json {
  const key = item[mergeKey];
  if (key !== undefined) return key;
  throw new Failure(
    "invalid",
    `strategic merge patch has a list item that does not contain its merge key "${mergeKey}": ${stringifyJson(item).slice(0, 200)}`,
  );
}

const identityBy =
  (mergeKey: string | undefined) =>
  (item: Json): string =>
    stringifyJson(mergeKey && isObject(item) ? (item[mergeKey] ?? null) : item);

interface Ordering {
  readonly merged: readonly Json[];
  /** The list as it was, which places the items that the patch does not know. */
  readonly current: readonly Json[];
  readonly order: readonly Json[];
  readonly identity: (item: Json) => string;
}

/** The items the patch knows, in its order; the others stay where they were among them. */
function inOrder({ merged, current, order, identity }: Ordering): readonly Json[] {
  const wanted = new Map(order.map((item, i) => [identity(item), i]));
  const before = new Map(current.map((item, i) => [identity(item), i]));
  const rank = (item: Json) => wanted.get(identity(item)) ?? -1;
  const known = merged.filter((item) => wanted.has(identity(item))).sort((a, b) => rank(a) - rank(b));
  const others = merged.filter((item) => !wanted.has(identity(item)));
  const ordered: Json[] = [];
  for (const item of known) {
    const place = before.get(identity(item));
    while (others[0] !== undefined && place !== undefined && (before.get(identity(others[0])) ?? Infinity) < place)
      ordered.push(others.shift() as Json);
    ordered.push(item);
  }
  return [...ordered, ...others];
}
