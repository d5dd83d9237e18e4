import { type Json, type JsonObject, parseJson, stringifyJson } from "../../lib/json.ts";
import { claimedFields, isMap } from "../fields/collect.ts";
import { compareObjects } from "../fields/compare.ts";
import { difference, type FieldSet, isMember, type Path } from "../fields/set.ts";
import type { Conflict } from "./conflict.ts";
import type { Versions } from "./versions.ts";

/** What kubectl notes in objects that it applies on its own side. It is kept up to date, so that one may go back to that. */
const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

/** The manager by which kubectl applies on the server's side. */
export const kubectl = "kubectl";

/** The conflicts without fields that kubectl itself set before it applied on the server's side. */
export function withoutOwnPast(
  conflicts: readonly Conflict[],
  live: JsonObject,
  versions: Versions,
): readonly Conflict[] {
  const own = conflicts.length > 0 ? lastAppliedFields(live, versions) : undefined;
  return own ? conflicts.filter(({ path }) => !hasPath(own, path)) : conflicts;
}

/** What the annotation states and is still as stated. */
function lastAppliedFields(live: JsonObject, { apiVersion, current }: Versions): FieldSet | undefined {
  const last = parsed(annotationsOf(live)[lastAppliedAnnotation]);
  if (last?.apiVersion !== apiVersion) return undefined;
  const { added, modified, removed } = compareObjects(last, live, current.shape);
  return [modified, added, removed].reduce(difference, claimedFields(last, current.shape));
}

function parsed(text: Json | undefined): JsonObject | undefined {
  try {
    const value = typeof text === "string" ? parseJson(text) : undefined;
    return isMap(value) ? value : undefined;
  } catch {
    return undefined; // anybody may write anything there
  }
}

function hasPath(set: FieldSet, path: Path): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) node = node?.[element];
  return node !== undefined && isMember(node);
}

/** The object with the annotation, if it has one, saying what is applied now. */
export function withLastApplied(object: JsonObject, config: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  if (!annotations[lastAppliedAnnotation]) return object;
  const stated = `${stringifyJson(withAnnotations(config, without(annotationsOf(config))))}\n`;
  return withAnnotations(object, { ...annotations, [lastAppliedAnnotation]: stated });
}

function annotationsOf({ metadata }: JsonObject): JsonObject {
  const annotations = isMap(metadata) ? metadata.annotations : undefined;
  return isMap(annotations) ? annotations : {};
}

function without({ [lastAppliedAnnotation]: last, ...others }: JsonObject): JsonObject | undefined {
  return last === undefined && Object.keys(others).length === 0 ? undefined : others;
}

function withAnnotations(object: JsonObject, annotations: JsonObject | undefined): JsonObject {
  const metadata = isMap(object.metadata) ? object.metadata : {};
  return { ...object, metadata: { ...metadata, ...(annotations && { annotations }) } };
}
