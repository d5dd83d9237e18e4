import type { JsonObject } from "../../lib/json.ts";
import { cutToShape } from "../fields/collect.ts";
import { difference, type FieldSet, isEmpty, union } from "../fields/set.ts";
import { capped } from "./cap.ts";
import { type Entry, type Managed, managerKey } from "./entry.ts";
import { Differences, unmanaged, type Versions } from "./versions.ts";

/** A create, update or patch by one manager. */
export interface Update {
  /** What is there; on create only what every object of the kind has. */
  readonly before: JsonObject;
  readonly after: JsonObject;
  readonly versions: Versions;
  readonly manager: string;
  readonly subresource: string | undefined;
  /** RFC 3339 with seconds. */
  readonly time: string;
}

/** Who owns what after an update: the manager takes what it changed or added, from whoever had it. */
export function afterUpdate(managed: Managed, update: Update): Managed {
  const { before, after, versions, manager, subresource, time } = update;
  const differences = new Differences(versions, before, after);
  const { apiVersion } = versions;
  const taken = difference(changedIn(differences, apiVersion), unmanaged);
  const identity = { manager, operation: "Update" as const, apiVersion, ...(subresource && { subresource }) };
  const key = managerKey(identity);
  const owners = new Map(withoutChanged(settled(managed, versions), differences, key));
  if (isEmpty(taken)) return owners;
  const earlier = owners.get(key)?.fieldsV1;
  const fieldsV1 = earlier ? union(earlier, taken) : taken;
  owners.set(key, { ...identity, time, fieldsType: "FieldsV1", fieldsV1 });
  return capped(owners);
}

function changedIn(differences: Differences, apiVersion: string): FieldSet {
  const comparison = differences.in(apiVersion);
  return comparison ? union(comparison.added, comparison.modified) : {};
}

/** The managers without what was removed and what `writer` took from them, and without those of versions that are gone. */
export function withoutChanged(managed: Managed, differences: Differences, writer: string): Managed {
  const owners = new Map<string, Entry>();
  for (const [key, entry] of managed) {
    const comparison = differences.in(entry.apiVersion);
    if (!comparison) continue;
    const left = difference(entry.fieldsV1, comparison.removed);
    const kept = key === writer ? left : difference(left, changedIn(differences, entry.apiVersion));
    if (kept === entry.fieldsV1) owners.set(key, entry);
    else if (!isEmpty(kept)) owners.set(key, { ...entry, fieldsV1: kept });
  }
  return owners;
}

/** The managers with their sets in today's schema: what it owns as a whole now may have been owned field by field. */
export function settled(managed: Managed, { find }: Versions): Managed {
  const owners = new Map<string, Entry>();
  for (const [key, entry] of managed) {
    const version = find(entry.apiVersion);
    if (!version) continue;
    const fieldsV1 = cutToShape(entry.fieldsV1, version.shape);
    owners.set(key, fieldsV1 === entry.fieldsV1 ? entry : { ...entry, fieldsV1 });
  }
  return owners;
}
