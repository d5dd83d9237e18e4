import type { Json, JsonObject } from "../../lib/json.ts";
import { invalid, required, tooMany } from "./messages.ts";
import { objectMetaSchema } from "./object-meta.ts";
import { type Path, pathText, under } from "./path.ts";
import type { Schema } from "./schema.ts";
import { type Check, type Compile, newVisit, type Visit, type Walk, type WalkOptions } from "./walk.ts";

interface Property {
  readonly name: string;
  readonly walk: Walk;
  readonly nullable: boolean;
  /** Already walked itself, so that the defaults inside it are filled in. */
  readonly default: Json | undefined;
}

export function compileObject(schema: Schema, options: WalkOptions, compile: Compile): Walk {
  const properties = propertiesOf(schema, options, compile);
  const defaulted = [...properties.values()].filter((property) => property.default !== undefined);
  const unknown = unknownPolicy(schema, options, compile);
  const checks = objectChecks(schema);
  return (value, path, visit) => {
    const source = value as JsonObject; // the caller has made sure
    const result = new Draft(source);
    for (const key in source) {
      const item = source[key];
      if (item === undefined) continue;
      const property = properties.get(key);
      if (property) walkProperty({ property, item, result, path, visit });
      else unknown(result, key, item, path, visit);
    }
    for (const { name, default: initial } of defaulted)
      if (result.object[name] === undefined) result.set(name, initial as Json);
    for (const check of checks) check(result.object, path, visit);
    return result.object;
  };
}

interface Step {
  readonly property: Property;
  readonly item: Json;
  readonly result: Draft;
  readonly path: Path | undefined;
  readonly visit: Visit;
}

/** A null where none may be is as good as absent: it is dropped, and the default, if there is one, takes its place. */
function walkProperty({ property, item, result, path, visit }: Step): void {
  if (item === null && !property.nullable) {
    result.drop(property.name);
    return;
  }
  const walked = property.walk(item, under(path, property.name), visit);
  if (walked !== item) result.set(property.name, walked);
}

function propertiesOf(schema: Schema, options: WalkOptions, compile: Compile): ReadonlyMap<string, Property> {
  const declared: Record<string, Schema> = { ...schema.properties };
  if (schema["x-kubernetes-embedded-resource"]) {
    declared.apiVersion = { type: "string", ...declared.apiVersion };
    declared.kind = { type: "string", ...declared.kind };
    declared.metadata = mergedMeta(declared.metadata);
  }
  const optionsOf = (name: string) =>
    schema["x-kubernetes-embedded-resource"] && name === "metadata" ? { ...options, builtIn: true } : options;
  return new Map(
    Object.entries(declared).map(([name, one]) => [name, propertyOf(name, one, optionsOf(name), compile)]),
  );
}

/** A CRD may restrict the names of its objects, and nothing else of their metadata. */
function mergedMeta(declared: Schema | undefined): Schema {
  const properties = { ...objectMetaSchema.properties };
  for (const name of ["name", "generateName"]) properties[name] = { type: "string", ...declared?.properties?.[name] };
  return { ...objectMetaSchema, properties };
}

function propertyOf(name: string, schema: Schema, options: WalkOptions, compile: Compile): Property {
  const walk = compile(schema, options);
  const initial = options.prune ? schema.default : undefined;
  return {
    name,
    walk,
    nullable: schema.nullable === true || schema.type === undefined,
    default: initial === undefined ? undefined : walk(initial, undefined, newVisit()),
  };
}

type UnknownPolicy = (result: Draft, key: string, item: Json, path: Path | undefined, visit: Visit) => void;

function unknownPolicy(schema: Schema, options: WalkOptions, compile: Compile): UnknownPolicy {
  const { additionalProperties } = schema;
  if (typeof additionalProperties === "object") {
    const walk = compile(additionalProperties, options);
    const nullable = additionalProperties.nullable === true || additionalProperties.type === undefined;
    return (result, key, item, path, visit) => {
      if (item === null && !nullable) return result.drop(key);
      const walked = walk(item, under(path, key), visit);
      if (walked !== item) result.set(key, walked);
    };
  }
  const keeps = !options.prune || schema["x-kubernetes-preserve-unknown-fields"] || additionalProperties === true;
  if (keeps) return () => undefined;
  return (result, key, _item, path, visit) => {
    visit.unknownFields.push(pathText(under(path, key)));
    result.drop(key);
  };
}

function objectChecks(schema: Schema): readonly Check[] {
  const checks: Check[] = [];
  const { minProperties, maxProperties } = schema;
  for (const name of schema.required ?? [])
    checks.push((value, path, visit) => {
      if ((value as JsonObject)[name] === undefined) visit.errors.push(required(pathText(under(path, name))));
    });
  if (minProperties !== undefined)
    checks.push((value, path, visit) => {
      const count = Object.keys(value as JsonObject).length;
      const field = pathText(path);
      if (count < minProperties)
        visit.errors.push(invalid(field, count, `${field} in body should have at least ${minProperties} properties`));
    });
  if (maxProperties !== undefined)
    checks.push((value, path, visit) => {
      const count = Object.keys(value as JsonObject).length;
      if (count > maxProperties) visit.errors.push(tooMany(pathText(path), count, maxProperties));
    });
  return checks;
}

/** The object as it becomes: a copy is made at the first change only. */
class Draft {
  object: JsonObject;
  #own: Record<string, Json | undefined> | undefined;

  constructor(source: JsonObject) {
    this.object = source;
  }

  set(key: string, value: Json): void {
    this.#copy()[key] = value;
  }

  drop(key: string): void {
    delete this.#copy()[key];
  }

  #copy(): Record<string, Json | undefined> {
    this.#own ??= { ...this.object };
    this.object = this.#own;
    return this.#own;
  }
}
