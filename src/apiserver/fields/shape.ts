import type { Json, JsonObject } from "../../lib/json.ts";
import { objectMetaSchema } from "../schema/object-meta.ts";
import type { Schema } from "../schema/schema.ts";
import { type Element, fieldElement } from "./element.ts";

/**
 * What a schema says about ownership: which values are owned as a whole, and which field by field or item by item.
 * `any` is a value of which nothing is known: objects by field, everything else as a whole.
 */
export type Shape = ScalarShape | MapShape | ListShape | AnyShape;

export interface ScalarShape {
  readonly is: "scalar";
  readonly type: "string" | "number" | "boolean" | "any";
}

export interface MapShape {
  readonly is: "map";
  readonly atomic: boolean;
  readonly fields: ReadonlyMap<string, Field>;
  /** Of the fields that are not named; absent: there may be none. */
  readonly others: Shape | undefined;
  /** The fields that Go's types never leave out. */
  readonly always: readonly string[];
  /** Never left out by Go's types: absent is the same as empty. */
  readonly isAlways: boolean;
}

export interface Field {
  readonly element: Element;
  readonly shape: Shape;
}

export interface ListShape {
  readonly is: "list";
  readonly atomic: boolean;
  /** What tells items apart, in the order of their names; none in a set. */
  readonly keys: readonly string[];
  readonly keyDefaults: JsonObject;
  readonly items: Shape;
  readonly isAlways: boolean;
}

export interface AnyShape {
  readonly is: "any";
  readonly map: MapShape;
}

const anyList: ListShape = {
  is: "list",
  atomic: true,
  keys: [],
  keyDefaults: {},
  get items() {
    return anything;
  },
  isAlways: false,
};

const anyMap: MapShape = {
  is: "map",
  atomic: false,
  fields: new Map(),
  get others() {
    return anything;
  },
  always: [],
  isAlways: false,
};

export const anything: AnyShape = { is: "any", map: anyMap };
const anyScalar: ScalarShape = { is: "scalar", type: "any" };

/** The shape that a value has where anything may be. */
export function shapeFor(shape: Shape, value: Json | undefined): Exclude<Shape, AnyShape> {
  if (shape.is !== "any") return shape;
  if (Array.isArray(value)) return anyList;
  return value === null || value === undefined || typeof value === "object" ? shape.map : anyScalar;
}

interface Place {
  /** Dotted, from the root; items of a list add nothing. */
  readonly path: string;
  readonly always: ReadonlySet<string>;
  /** Some schema above keeps unknown fields. */
  readonly open: boolean;
}

/**
 * The shape that a whole object's schema states.
 *
 * @param always dotted paths of the objects and lists that Kubernetes never leaves out
 */
export function shapeOf(schema: Schema, always: readonly string[] = []): Shape {
  return compile(schema, { path: "", always: new Set(always), open: false });
}

function compile(schema: Schema, above: Place): Shape {
  const place = schema["x-kubernetes-preserve-unknown-fields"] ? { ...above, open: true } : above;
  if (schema["x-kubernetes-int-or-string"]) return anyScalar;
  switch (schema.type) {
    case "object":
      return mapShape(schema, place);
    case "array":
      return listShape(schema, place);
    case "string":
      return { is: "scalar", type: schema.format && schema.format !== "byte" ? "any" : "string" };
    case "integer":
    case "number":
      return { is: "scalar", type: "number" };
    case "boolean":
      return { is: "scalar", type: "boolean" };
    default:
      return { is: "any", map: mapShape(schema, place) };
  }
}

function mapShape(schema: Schema, place: Place): MapShape {
  const declared = schema["x-kubernetes-embedded-resource"]
    ? { ...typeMeta, ...schema.properties, metadata: objectMetaSchema }
    : (schema.properties ?? {});
  const fields = Object.entries(declared).map(([name, field]): [string, Field] => {
    const path = place.path === "" ? name : `${place.path}.${name}`;
    return [name, { element: fieldElement(name), shape: compile(field, { ...place, path }) }];
  });
  return {
    is: "map",
    atomic: schema["x-kubernetes-map-type"] === "atomic",
    fields: new Map(fields),
    always: fields.flatMap(([name, { shape }]) => (isAlways(shape) ? [name] : [])),
    others: othersOf(schema, place),
    isAlways: place.always.has(place.path),
  };
}

export const isAlways = (shape: Shape): boolean => (shape.is === "map" || shape.is === "list") && shape.isAlways;

const typeMeta = { apiVersion: { type: "string" }, kind: { type: "string" } } satisfies Record<string, Schema>;

function othersOf(schema: Schema, place: Place): Shape | undefined {
  const { additionalProperties: others, properties = {} } = schema;
  if (typeof others === "object") return compile(others, place);
  if (others === undefined && !place.open && Object.keys(properties).length > 0) return undefined;
  return others === false ? undefined : anything;
}

function listShape(schema: Schema, place: Place): ListShape {
  const keys = keysOf(schema);
  const item = schema.items;
  const defaults = (keys ?? []).map((key) => [key, item?.properties?.[key]?.default] as const);
  return {
    is: "list",
    atomic: keys === undefined,
    keys: (keys ?? []).toSorted(),
    keyDefaults: Object.fromEntries(defaults.filter(([, value]) => value !== undefined)),
    items: item ? compile(item, place) : anything,
    isAlways: place.always.has(place.path),
  };
}

/** The keys of a list that is owned item by item; undefined for one that is owned as a whole. */
function keysOf(schema: Schema): readonly string[] | undefined {
  switch (schema["x-kubernetes-list-type"]) {
    case "map":
      return schema["x-kubernetes-list-map-keys"] ?? [];
    case "set":
      return [];
    case "atomic":
      return undefined;
    default: {
      if (!schema["x-kubernetes-patch-strategy"]?.includes("merge")) return undefined;
      const key = schema["x-kubernetes-patch-merge-key"];
      return key === undefined ? [] : [key];
    }
  }
}
