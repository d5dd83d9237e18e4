import type { JsonObject } from "../../lib/json.ts";
import { claimedFields, withNamedFields } from "../fields/collect.ts";
import { removeFields } from "../fields/remove.ts";
import { difference, emptySet, type FieldSet, intersection, isEmpty, union } from "../fields/set.ts";
import type { Entry, Managed } from "./entry.ts";
import type { Version, Versions } from "./versions.ts";

/**
 * The merged object without what its applier owned before and no longer applies, unless somebody else owns it too.
 *
 * @param merged in the version of the write
 * @param last what the applier owned before, in the version it was applied in
 * @param managed everybody's sets, the applier's new one among them
 */
export function pruned(merged: JsonObject, last: Entry | undefined, managed: Managed, versions: Versions): JsonObject {
  if (!last || isEmpty(last.fieldsV1)) return merged;
  const version = versions.find(last.apiVersion);
  if (!version) return merged;
  const lost = withNamedFields(last.fieldsV1, version.shape);
  const kept = withNamedFields(ownedIn(managed, last.apiVersion), version.shape);
  if (isEmpty(difference(lost, kept))) return merged;
  const whole = version.convert(merged);
  const without = restoreOwned(
    { whole, rest: removeFields(whole, lost, version.shape) },
    last.apiVersion,
    managed,
    versions,
  );
  const gone = intersection(difference(fieldsOf(whole, version), fieldsOf(without, version)), lost);
  return version.restore(removeFields(whole, gone, version.shape));
}

const fieldsOf = (object: JsonObject, { shape }: Version) => withNamedFields(claimedFields(object, shape), shape);

/** Everything that anybody owns in a version. */
function ownedIn(managed: Managed, apiVersion: string): FieldSet {
  let owned = emptySet;
  for (const entry of managed.values()) if (entry.apiVersion === apiVersion) owned = union(owned, entry.fieldsV1);
  return owned;
}

interface Cut {
  readonly whole: JsonObject;
  readonly rest: JsonObject;
}

/** The rest with what managers still own, version after version, beginning with the one in which it was cut. */
function restoreOwned(cut: Cut, cutIn: string, managed: Managed, versions: Versions): JsonObject {
  const home = versions.find(cutIn);
  const others = new Set([...managed.values()].map((entry) => entry.apiVersion));
  others.delete(cutIn);
  let { rest } = cut;
  for (const apiVersion of [cutIn, ...others]) {
    const version = versions.find(apiVersion);
    if (!version || !home) continue;
    const move = (object: JsonObject) => (version === home ? object : version.convert(home.restore(object)));
    const [whole, less] = [move(cut.whole), move(rest)];
    const keep = union(fieldsOf(less, version), withNamedFields(ownedIn(managed, apiVersion), version.shape));
    const restored = removeFields(whole, difference(fieldsOf(whole, version), keep), version.shape);
    rest = version === home ? restored : home.convert(version.restore(restored));
  }
  return rest;
}
