import { type Json, type JsonObject, parseJson, stringifyJson } from "../../lib/json.ts";
import { annotated, isObject, malformed, type Parts, type Step, withStatusField } from "./convert-parts.ts";

export type List = readonly JsonObject[];
/** True for what may stand in a list. */
export type ItemCheck = (item: JsonObject) => boolean;

/** A list of the status; undefined where there is none. @throws Failure "invalid" for anything else */
export function listIn(parts: Parts, field: string, isItem: ItemCheck = anything): List | undefined {
  const value = parts.status?.[field];
  if (value === undefined || value === null) return undefined;
  if (!isListOf(value, isItem))
    throw malformed(`status.${field}`, "a list of objects as the version's schema has them");
  return value;
}

/**
 * The list that an annotation carries. One that cannot be read is as good as none: anybody may write annotations, and an
 * object that cannot be converted would make every list of its kind fail.
 */
export function carriedList(parts: Parts, annotation: string, isItem: ItemCheck = anything): List | undefined {
  const text = parts.annotations[annotation];
  if (text === undefined) return undefined;
  try {
    const value = parseJson(text);
    return isListOf(value, isItem) ? value : undefined;
  } catch {
    return undefined; // as said above
  }
}

const anything = () => true;

const isListOf = (value: Json, isItem: ItemCheck): value is List =>
  Array.isArray(value) && value.every((item) => isObject(item) && isItem(item));

/** A field of the status that only some versions have, and the annotation that carries it through the others. */
export interface Carried {
  readonly field: string;
  readonly annotation: string;
}

/** On the way from a version that has the fields. */
export function packed(fields: readonly Carried[]): Step {
  return (parts) =>
    fields.reduce((before, { field, annotation }) => {
      const list = listIn(before, field);
      const carried = annotated(before, annotation, list && stringifyJson(list));
      return list ? withStatusField(carried, field, undefined) : carried;
    }, parts);
}

/** On the way to a version that has the fields. */
export function unpacked(fields: readonly Carried[]): Step {
  return (parts) =>
    fields.reduce((before, { field, annotation }) => {
      const list = carriedList(before, annotation);
      return list ? annotated(withStatusField(before, field, list), annotation, undefined) : before;
    }, parts);
}
