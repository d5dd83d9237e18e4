import { union } from "../fields/set.ts";
import { byManager, compare, type Entry, type Managed, managerKey } from "./entry.ts";

/** Kubernetes' own limit of managers that update; of those that apply there is none. */
const updatersLimit = 10;

const bucketName = "ancient-changes";

/** The managers with the oldest updates of one version put together, once there are more than ten. */
export function capped(managed: Managed): Managed {
  const updaters = [...managed].filter(([, entry]) => entry.operation === "Update");
  if (updaters.length <= updatersLimit) return managed;
  const oldestFirst = updaters.sort(
    ([keyA, a], [keyB, b]) => compare(a.time ?? "", b.time ?? "") || byManager([keyA, a], [keyB, b]),
  );
  const owners = new Map(managed);
  const firstOf = new Map<string, string>();
  let count = updaters.length;
  for (const [key, entry] of oldestFirst) {
    if (count <= updatersLimit) break;
    const first = firstOf.get(entry.apiVersion);
    if (first === undefined) firstOf.set(entry.apiVersion, key);
    else {
      pour(owners, { first, key, entry });
      count--;
    }
  }
  return owners;
}

interface Pour {
  /** The oldest of this version, which becomes the bucket. */
  readonly first: string;
  readonly key: string;
  readonly entry: Entry;
}

function pour(owners: Map<string, Entry>, { first, key, entry }: Pour): void {
  const { apiVersion, time } = entry;
  const identity = { manager: bucketName, operation: "Update" as const, apiVersion };
  const bucket = managerKey(identity);
  const held = owners.get(bucket) ?? owners.get(first);
  if (!owners.has(bucket)) owners.delete(first);
  owners.delete(key);
  const fieldsV1 = held ? union(entry.fieldsV1, held.fieldsV1) : entry.fieldsV1;
  owners.set(bucket, { ...identity, ...(time !== undefined && { time }), fieldsType: "FieldsV1", fieldsV1 });
}
