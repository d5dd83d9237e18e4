import { Failure } from "../../lib/failure.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { parseSchema, type Schema } from "../schema/schema.ts";
import { depthLimit, setOwn } from "./merge.ts";
import { isList, isObject } from "./shape.ts";
import { mergeLists } from "./strategic-list.ts";

/** Where a merge stands: the schema of the value, if there is one, and how deep it lies. */
interface MergeAt {
  readonly schema: Schema | undefined;
  readonly depth: number;
}

const deletePrefix = "$deleteFromPrimitiveList/";
const orderPrefix = "$setElementOrder/";

/**
 * The document after a strategic merge patch: like a merge patch, but lists whose schema has a patch merge key are merged
 * item by item, and the directives $patch, $retainKeys, $setElementOrder and $deleteFromPrimitiveList are obeyed.
 *
 * @param schema of the whole object, with x-kubernetes-patch-strategy and x-kubernetes-patch-merge-key
 * @throws Failure "invalid" for a patch that is no object, an unknown directive, or list items without their key
 */
export function applyStrategicPatch(doc: JsonObject, patch: Json, schema: JsonObject): JsonObject {
  if (!isObject(patch)) throw new Failure("invalid", "a strategic merge patch must be a JSON object");
  return mergeObjects(doc, patch, { schema: parseSchema(schema), depth: 0 });
}

function mergeObjects(target: JsonObject, patch: JsonObject, at: MergeAt): JsonObject {
  if (at.depth > depthLimit) throw refuse(`is nested deeper than ${depthLimit} levels`);
  const directive = patch.$patch;
  if (directive === "delete") return {};
  if (directive === "replace") return withoutDirectives(patch);
  if (directive !== undefined && directive !== "merge")
    throw refuse(`has the unknown directive $patch: ${String(directive)}`);
  const merged: Record<string, Json | undefined> = retained(target, patch);
  for (const key of fieldsOf(patch)) {
    const value = patch[key];
    if (value === null) delete merged[key];
    else {
      const changes = { value, removed: patch[deletePrefix + key], order: patch[orderPrefix + key] };
      const result = mergeField(Object.hasOwn(merged, key) ? merged[key] : undefined, changes, fieldAt(at, key));
      if (result !== undefined) setOwn(merged, key, result);
    }
  }
  return merged;
}

/** The fields that a patch says something of, be it by a directive alone. */
function fieldsOf(patch: JsonObject): ReadonlySet<string> {
  const fields = new Set<string>();
  for (const key of Object.keys(patch))
    if (key.startsWith(deletePrefix)) fields.add(key.slice(deletePrefix.length));
    else if (key.startsWith(orderPrefix)) fields.add(key.slice(orderPrefix.length));
    else if (key !== "$patch" && key !== "$retainKeys") fields.add(key);
  return fields;
}

interface FieldChanges {
  readonly value: Json | undefined;
  /** Of $deleteFromPrimitiveList. */
  readonly removed: Json | undefined;
  /** Of $setElementOrder. */
  readonly order: Json | undefined;
}

function mergeField(current: Json | undefined, changes: FieldChanges, at: MergeAt): Json | undefined {
  const { value } = changes;
  const isMergedList = at.schema?.["x-kubernetes-patch-strategy"]?.includes("merge") === true;
  if (isMergedList && (value === undefined || isList(value)))
    return mergeLists(isList(current) ? current : [], changes, { ...at, mergeObjects, withoutDirectives });
  if (value === undefined) return current;
  if (isObject(value)) return isObject(current) ? mergeObjects(current, value, at) : withoutDirectives(value);
  return isList(value) ? value.map(strippedItem) : value;
}

function fieldAt({ schema, depth }: MergeAt, key: string): MergeAt {
  const declared = schema?.properties?.[key];
  const other = typeof schema?.additionalProperties === "object" ? schema.additionalProperties : undefined;
  return { schema: declared ?? other, depth: depth + 1 };
}

/** With $retainKeys only the fields it lists stay. */
function retained(target: JsonObject, patch: JsonObject): Record<string, Json | undefined> {
  const kept = patch.$retainKeys;
  if (kept === undefined) return { ...target };
  if (!isList(kept)) throw refuse("has a $retainKeys that is no list");
  for (const key of fieldsOf(patch))
    if (patch[key] !== null && !kept.includes(key)) throw refuse(`sets "${key}", which its $retainKeys does not list`);
  return Object.fromEntries(Object.entries(target).filter(([key]) => kept.includes(key)));
}

/** What a patch adds where nothing was: its directives mean nothing there, and its nulls remove nothing. */
function withoutDirectives(patch: JsonObject): JsonObject {
  if (patch.$patch === "delete") return {};
  const added: Record<string, Json | undefined> = {};
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$") || value === null || value === undefined) continue;
    setOwn(added, key, isObject(value) ? withoutDirectives(value) : isList(value) ? stripped(value) : value);
  }
  return added;
}

const stripped = (items: readonly Json[]): Json =>
  items.filter((item) => !(isObject(item) && item.$patch === "delete")).map(strippedItem);

const strippedItem = (item: Json): Json => (isObject(item) ? withoutDirectives(item) : item);

const refuse = (problem: string): Failure => new Failure("invalid", `strategic merge patch ${problem}`);
