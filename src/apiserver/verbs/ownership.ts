import { equalJson, type JsonObject } from "../../lib/json.ts";
import { emptySet, type FieldSet, setOf, union } from "../fields/set.ts";
import { type Shape, shapeOf } from "../fields/shape.ts";
import type { Kind } from "../kinds/kind.ts";
import { ownershipOf } from "../kinds/ownership.ts";
import { at } from "../kinds/read.ts";
import { type Entry, entriesOf, type Managed, managedOf, nobody, parseManaged } from "../ownership/entry.ts";
import { afterUpdate } from "../ownership/update.ts";
import type { Version, Versions } from "../ownership/versions.ts";
import type { Served } from "../registry.ts";
import { parseSchema } from "../schema/schema.ts";
import { metadataOf, withMetadata } from "../store/stored.ts";
import { givenMetadata } from "./admission.ts";
import { type Api, apiVersionOf, type Subresource, type Target, timestamp } from "./verb.ts";

/** A write of an object as it will be stored, with what its client said of managedFields. */
export interface OwnedWrite {
  /** As its client sent it. */
  readonly given: JsonObject;
  readonly object: JsonObject;
  /** Absent on create. */
  readonly old?: JsonObject | undefined;
  readonly subresource?: Subresource | undefined;
  readonly manager: string;
}

/** Who owns what after a create, update or patch. An object of which nobody owned anything stays so. */
export function managedAfter(api: Api, target: Target, write: OwnedWrite): Managed {
  const { old, object, given, subresource, manager } = write;
  const managed = managedBefore(write, target);
  if (old && managed.size === 0) return managed;
  return afterUpdate(managed, {
    before: old ?? emptyObject(target),
    after: old ? withManagersOf(old, object) : withoutStated(target, object, given),
    versions: versionsOf(api, target, subresource),
    manager,
    subresource,
    time: timestamp(api.clock.now()),
  });
}

/**
 * What clients that know no managedFields send back changes nothing; an empty item, or an empty list, forgets all of it. Of
 * custom resources Kubernetes does not see the empty list.
 */
function managedBefore({ given, old, subresource }: OwnedWrite, { served }: Target): Managed {
  const stored = old && metadataOf(old).managedFields;
  const { managedFields } = givenMetadata(given);
  const isOther = !subresource && Array.isArray(managedFields) && managedFields !== stored;
  if (!isOther) return managedOf(stored);
  const list = managedFields as readonly JsonObject[]; // each item is parsed
  if (list.length === 0) return served.custom ? managedOf(stored) : nobody;
  if (list.length === 1 && equalJson(list[0], {})) return nobody;
  return parseManaged(list) ?? managedOf(stored);
}

/** What there is of an object before it is created. */
export const emptyObject = ({ served: { kind } }: Target): JsonObject => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  metadata: {},
});

/** The object with the very managers of another: then nothing is compared there. */
function withManagersOf(old: JsonObject, object: JsonObject): JsonObject {
  const { managedFields } = metadataOf(old);
  return withMetadata(object, { ...metadataOf(object), ...(managedFields && { managedFields }) });
}

function withoutStated({ served }: Target, object: JsonObject, given: JsonObject): JsonObject {
  const { stated = [] } = served.custom ? {} : ownershipOf(served.kind.kind);
  const own = stated.map((path) => path.split(".")).filter((path) => at(given, ...path) === undefined);
  return own.reduce(withoutField, object);
}

function withoutField(object: JsonObject, [name = "", ...further]: readonly string[]): JsonObject {
  const { [name]: field, ...others } = object;
  if (field === undefined || further.length === 0) return others;
  return { ...others, [name]: withoutField(field as JsonObject, further) }; // a path of the kind's own schema
}

/** The object with its managers, as it is stored. Times alone are no change: then it is `old` itself. */
export function withManagers(object: JsonObject, managed: Managed, old?: JsonObject): JsonObject {
  const { managedFields: _, ...metadata } = metadataOf(object);
  const entries = entriesOf(managed);
  const before = old && (metadataOf(old).managedFields ?? []);
  const withFields = (managedFields: readonly JsonObject[]) =>
    withMetadata(object, { ...metadata, ...(managedFields.length > 0 && { managedFields }) });
  if (old && before && isSameButForTimes(entries, before) && equalJson(withFields(before), old)) return old;
  return withFields(entries);
}

function isSameButForTimes(entries: readonly Entry[], before: readonly JsonObject[]): boolean {
  return (
    entries.length === before.length &&
    entries.every((entry, i) => entry === before[i] || equalJson({ ...entry, time: "" }, { ...before[i], time: "" }))
  );
}

/** The versions of the target's kind, as ownership sees them in a write through one of its endpoints. */
export function versionsOf(api: Api, { served }: Target, subresource: Subresource | undefined): Versions {
  const apiVersion = apiVersionOf(served.kind);
  const same = (object: JsonObject) => object;
  const current = versionOf(served, subresource, { convert: same, restore: same });
  return {
    apiVersion,
    current,
    find: (name) => (name === apiVersion ? current : otherVersion(api, { served, subresource }, name)),
  };
}

interface Endpoint {
  readonly served: Served;
  readonly subresource: Subresource | undefined;
}

function otherVersion(api: Api, { served, subresource }: Endpoint, apiVersion: string): Version | undefined {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const other = api.registry.find({ group, version, plural: served.kind.plural });
  if (other?.collection !== served.collection) return undefined;
  return versionOf(other, subresource, {
    convert: (object) => other.fromStored(served.toStored(object)),
    restore: (object) => served.fromStored(other.toStored(object)),
  });
}

type Conversion = Pick<Version, "convert" | "restore">;

const versionOf = (served: Served, subresource: Subresource | undefined, conversion: Conversion): Version => ({
  shape: shapeOfKind(served),
  ignored: ignoredBy(served, subresource),
  ...conversion,
});

/** Compiled once for each schema: a definition that changes brings a new one. */
const shapes = new WeakMap<JsonObject, Shape>();

function shapeOfKind({ kind, custom }: Served): Shape {
  const known = shapes.get(kind.schema);
  if (known) return known;
  const shape = shapeOf(parseSchema(kind.schema), custom ? [] : ownershipOf(kind.kind).always);
  shapes.set(kind.schema, shape);
  return shape;
}

const statusAlone = setOf("f:status");

function ignoredBy({ kind, custom }: Served, subresource: Subresource | undefined): FieldSet {
  if (subresource !== "status") return kind.hasStatus ? statusAlone : emptySet;
  return custom ? beyondCustomStatus : beyondStatusOf(kind);
}

const beyondCustomStatus = pathSet(["metadata", "spec"]);

const beyondStatusOf = ({ kind }: Kind) => pathSet(ownershipOf(kind).beyondStatus ?? ["spec"]);

function pathSet(paths: readonly string[]): FieldSet {
  return paths.map((path) => setOf(...path.split(".").map((name) => `f:${name}`))).reduce(union, emptySet);
}
