import type { Json, JsonObject } from "../../lib/json.ts";
import { type FieldSet, isEmpty, parseSet } from "../fields/set.ts";

/** The fields that one manager owns: an item of metadata.managedFields. A type alias, so that it is JSON too. */
export type Entry = {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  /** The version of the API in which the fields are meant. */
  readonly apiVersion: string;
  /** When the manager last changed the object or what it owns of it. */
  readonly time?: string;
  readonly fieldsType: "FieldsV1";
  readonly fieldsV1: FieldSet;
  readonly subresource?: string;
};

/** Who owns what of an object, by manager. The order means nothing. */
export type Managed = ReadonlyMap<string, Entry>;

export const nobody: Managed = new Map();

/**
 * What tells managers apart. One who applies is the same in whatever version; updates through each version, and through each
 * subresource, are counted apart.
 */
export function managerKey(entry: Pick<Entry, "manager" | "operation" | "subresource" | "apiVersion">): string {
  const { manager, operation, subresource = "", apiVersion } = entry;
  return `${operation} ${subresource} ${operation === "Apply" ? "" : apiVersion} ${manager}`;
}

/** What is stored with an object; it was written by `entriesOf`. */
export function managedOf(stored: readonly JsonObject[] | undefined): Managed {
  if (!stored || stored.length === 0) return nobody;
  const entries = stored as readonly unknown[] as readonly Entry[]; // what we have stored
  return new Map(entries.map((entry) => [managerKey(entry), entry]));
}

/** What a client sent as managedFields; undefined where it cannot be understood. */
export function parseManaged(given: readonly Json[]): Managed | undefined {
  const managed = new Map<string, Entry>();
  for (const item of given) {
    const entry = parseEntry(item);
    if (!entry) return undefined;
    managed.set(managerKey(entry), entry);
  }
  return managed;
}

function parseEntry(item: Json): Entry | undefined {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return undefined;
  const { manager, operation, apiVersion, time, fieldsType, fieldsV1 = {}, subresource } = item as JsonObject;
  if (operation !== "Apply" && operation !== "Update") return undefined;
  if (!isText(apiVersion) || apiVersion === "" || fieldsType !== "FieldsV1") return undefined;
  const texts = [manager, time ?? undefined, subresource];
  if (!texts.every((text) => text === undefined || isText(text))) return undefined;
  const fields = parsedSet(fieldsV1);
  return (
    fields && {
      manager: isText(manager) ? manager : "",
      operation,
      apiVersion,
      ...(isText(time) && { time }),
      fieldsType,
      fieldsV1: fields,
      ...(isText(subresource) && subresource !== "" && { subresource }),
    }
  );
}

function parsedSet(json: Json): FieldSet | undefined {
  try {
    return parseSet(json);
  } catch {
    return undefined; // a client's mistake costs it nothing: what is stored stays
  }
}

const isText = (value: Json | undefined): value is string => typeof value === "string";

/** The list as it is stored: those who apply first, then by time. */
export function entriesOf(managed: Managed): readonly Entry[] {
  return [...managed.values()].filter((entry) => !isEmpty(entry.fieldsV1)).sort(compareEntries);
}

function compareEntries(a: Entry, b: Entry): number {
  return (
    compare(a.operation, b.operation) ||
    compare(a.time ?? "", b.time ?? "") ||
    compare(a.manager, b.manager) ||
    compare(a.apiVersion, b.apiVersion) ||
    compare(a.subresource ?? "", b.subresource ?? "")
  );
}

export const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** By name; managers of one name by what else tells them apart. */
export const byManager = ([keyA, a]: readonly [string, Entry], [keyB, b]: readonly [string, Entry]) =>
  compare(a.manager, b.manager) || compare(keyA, keyB);
