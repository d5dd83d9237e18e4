import type { CelInput } from "@bufbuild/cel";
import type { Json, JsonObject } from "../../lib/json.ts";
import { objectMetaSchema } from "../schema/object-meta.ts";
import type { Schema } from "../schema/schema.ts";
import { celName } from "./escape.ts";
import { library } from "./library.ts";

/** A JSON value as CEL sees it. */
export type ToCel = (value: Json) => CelInput;

/**
 * The way from JSON to CEL that a schema asks for: integers are ints and not doubles, date-times are timestamps, and the
 * properties of objects go by their escaped names. Objects are converted as far as a rule looks into them.
 */
export function celValueOf(schema: Schema | undefined): ToCel {
  if (!schema) return untyped;
  if (schema["x-kubernetes-int-or-string"]) return (value) => (typeof value === "string" ? value : integer(value));
  switch (schema.type) {
    case "integer":
      return integer;
    case "number":
      return (value) => Number(value);
    case "string":
      return textOf(schema.format);
    case "array":
      return listOf(schema);
    case "object":
      return objectOf(schema);
    default:
      return untyped;
  }
}

const integer: ToCel = (value) => (typeof value === "number" ? BigInt(Math.trunc(value)) : (value as CelInput));

const untyped: ToCel = (value) => {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return library().cel.celList(value.map(untyped));
  if (typeof value === "object" && value !== null)
    return library().cel.celMap(new View(value as JsonObject, anyProperty));
  return value as CelInput; // null, boolean, string, bigint
};

function textOf(format: string | undefined): ToCel {
  if (format === "date-time") return (value) => library().wkt.timestampFromDate(new Date(String(value)));
  if (format === "byte") return (value) => new Uint8Array(Buffer.from(String(value), "base64"));
  return (value) => value as CelInput; // the schema has been checked: a string
}

function listOf(schema: Schema): ToCel {
  const item = celValueOf(schema.items);
  return (value) => library().cel.celList((value as readonly Json[]).map((one) => (one === null ? null : item(one))));
}

interface Property {
  readonly name: string;
  readonly convert: ToCel;
}

/** How an object's keys are looked up: by the name a rule uses. */
type Properties = (celName: string) => Property | undefined;

const anyProperty: Properties = (name) => ({ name, convert: untyped });

function objectOf(schema: Schema): ToCel {
  const declared = new Map<string, Property>();
  for (const [name, one] of Object.entries(propertiesOf(schema))) {
    const property = { name, convert: celValueOf(one) };
    declared.set(name, property);
    declared.set(celName(name) ?? name, property);
  }
  const { additionalProperties } = schema;
  const values = celValueOf(typeof additionalProperties === "object" ? additionalProperties : undefined);
  const lookUp: Properties = (name) => declared.get(name) ?? { name, convert: values };
  return (value) => library().cel.celMap(new View(value as JsonObject, lookUp));
}

function propertiesOf(schema: Schema): Readonly<Record<string, Schema>> {
  if (!schema["x-kubernetes-embedded-resource"]) return schema.properties ?? {};
  return { apiVersion: { type: "string" }, kind: { type: "string" }, ...schema.properties, metadata: objectMetaSchema };
}

/** An object as a map whose values are converted when they are read. */
class View implements ReadonlyMap<string, CelInput> {
  readonly #object: JsonObject;
  readonly #properties: Properties;

  constructor(object: JsonObject, properties: Properties) {
    this.#object = object;
    this.#properties = properties;
  }

  get size(): number {
    return this.#names().length;
  }

  get(name: string): CelInput | undefined {
    const property = this.#properties(name);
    if (!property || !Object.hasOwn(this.#object, property.name)) return undefined;
    const value = this.#object[property.name];
    return value === undefined || value === null ? value : property.convert(value);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  forEach(visit: (value: CelInput, key: string, map: ReadonlyMap<string, CelInput>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  *entries(): MapIterator<[string, CelInput]> {
    for (const name of this.#names()) yield [name, this.get(name) ?? null];
  }

  keys(): MapIterator<string> {
    return this.#names().values();
  }

  *values(): MapIterator<CelInput> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): MapIterator<[string, CelInput]> {
    return this.entries();
  }

  #names(): readonly string[] {
    return Object.keys(this.#object).filter((name) => this.#object[name] !== undefined);
  }
}
