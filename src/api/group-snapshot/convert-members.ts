import { equalJson, type JsonObject, stringifyJson } from "../../lib/json.ts";
import { infoListAnnotation } from "../annotations.ts";
import { carriedList, type List, listIn } from "./convert-lists.ts";
import { isInt64 } from "./convert-moment.ts";
import { annotated, type Parts, withStatusField } from "./convert-parts.ts";

// A content's list of members. v1beta2 and v1 have what the driver said of each; v1beta1 has pairs of handles; v1alpha1 has
// neither. An older version carries the whole list twice: in a field that its schema has for that, so that a client which
// replaces the metadata does not drop it, and in an annotation, so that one which replaces the status does not.

const infoList = "volumeSnapshotInfoList";
const pairList = "volumeSnapshotHandlePairList";

/** To v1alpha1. */
export function carryMembers(parts: Parts): Parts {
  const list = listIn(parts, infoList, isInfo);
  return annotated(parts, infoListAnnotation, list && stringifyJson(list));
}

/** From v1alpha1. */
export function fetchMembers(parts: Parts): Parts {
  const list = listIn(parts, infoList, isInfo) ?? carriedList(parts, infoListAnnotation, isInfo);
  return withStatusField(annotated(parts, infoListAnnotation, undefined), infoList, list);
}

/** To v1beta1. What the pairs say already is not carried beside them. */
export function membersToPairs(parts: Parts): Parts {
  const list = listIn(parts, infoList, isInfo);
  if (!list) return annotated(parts, infoListAnnotation, undefined);
  const pairs = pairsOf(list);
  const paired = withStatusField(parts, pairList, pairs);
  if (!equalJson(list, pairs)) return annotated(paired, infoListAnnotation, stringifyJson(list));
  return annotated(withStatusField(paired, infoList, undefined), infoListAnnotation, undefined);
}

/** From v1beta1. Which members there are is for the pairs to say: its clients know nothing else. */
export function pairsToMembers(parts: Parts): Parts {
  const list = membersOf(parts);
  const unpaired = withStatusField(parts, pairList, undefined);
  return withStatusField(annotated(unpaired, infoListAnnotation, undefined), infoList, list);
}

function membersOf(parts: Parts): List | undefined {
  const pairs = listIn(parts, pairList, isInfo);
  const field = listIn(parts, infoList, isInfo);
  if (!pairs && field) return field;
  const known = field ?? carriedList(parts, infoListAnnotation, isInfo);
  if (known && equalJson(pairsOf(known), pairs ?? [])) return known;
  return pairs?.map((pair) => ({ ...known?.find((info) => isSame(info, pair)), ...pair }));
}

function pairsOf(list: List): List {
  return list
    .filter(({ volumeHandle, snapshotHandle }) => volumeHandle !== undefined && snapshotHandle !== undefined)
    .map(({ creationTime: _time, readyToUse: _ready, restoreSize: _size, ...pair }) => pair);
}

function isSame(info: JsonObject, pair: JsonObject): boolean {
  return (
    info.volumeHandle === pair.volumeHandle &&
    (info.snapshotHandle === undefined || info.snapshotHandle === pair.snapshotHandle)
  );
}

function isInfo({ volumeHandle, snapshotHandle, creationTime, readyToUse, restoreSize }: JsonObject): boolean {
  return (
    [volumeHandle, snapshotHandle].every((handle) => handle === undefined || typeof handle === "string") &&
    [creationTime, restoreSize].every((number) => number === undefined || isInt64(number)) &&
    (readyToUse === undefined || typeof readyToUse === "boolean")
  );
}
