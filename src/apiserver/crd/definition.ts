import type { Json, JsonObject } from "../../lib/json.ts";
import type { FieldError, ScalePaths } from "../kinds/kind.ts";
import { isObject, listAt, objectAt, objectsAt, textAt, textsAt } from "../kinds/read.ts";
import { stepsOf } from "../kinds/scale.ts";
import type { Schema } from "../schema/schema.ts";
import { readSchema } from "./shape.ts";

/** What a CustomResourceDefinition states, with what may be left out filled in. */
export interface Definition {
  readonly name: string;
  readonly group: string;
  readonly names: Names;
  readonly namespaced: boolean;
  readonly versions: readonly Version[];
  readonly conversion: string;
}

export interface Names {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

export interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated: boolean;
  readonly deprecationWarning: string;
  readonly schema: Schema | undefined;
  /** Keywords of its schema that are not what they must be, and were left out of it. */
  readonly shapeErrors: readonly FieldError[];
  readonly hasStatus: boolean;
  /** Where its numbers are, for those whose objects can be scaled. */
  readonly scale: ScalePaths | undefined;
  readonly columns: readonly PrinterColumn[];
  /** JSONPaths of the fields that field selectors may name. */
  readonly selectableFields: readonly string[];
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
  readonly jsonPath: string;
}

/** Reads a CustomResourceDefinition. What is missing reads as empty: `checkCrd` has refused it before, or will. */
export function parseDefinition(crd: JsonObject): Definition {
  const spec = objectAt(crd, "spec");
  return {
    name: textAt(crd, "metadata", "name"),
    group: textAt(spec, "group"),
    names: parseNames(objectAt(spec, "names")),
    namespaced: textAt(spec, "scope") === "Namespaced",
    versions: objectsAt(spec, "versions").map(parseVersion),
    conversion: textAt(spec, "conversion", "strategy") || "None",
  };
}

function parseNames(names: JsonObject): Names {
  const kind = textAt(names, "kind");
  return {
    plural: textAt(names, "plural"),
    singular: textAt(names, "singular") || kind.toLowerCase(),
    kind,
    listKind: textAt(names, "listKind") || `${kind}List`,
    shortNames: textsAt(names, "shortNames"),
    categories: textsAt(names, "categories"),
  };
}

function parseVersion(version: JsonObject, index: number): Version {
  const json: Json | undefined = objectAt(version, "schema").openAPIV3Schema;
  const read = isObject(json) ? readSchema(json, `spec.versions[${index}].schema.openAPIV3Schema`) : undefined;
  return {
    name: textAt(version, "name"),
    served: version.served === true,
    storage: version.storage === true,
    deprecated: version.deprecated === true,
    deprecationWarning: textAt(version, "deprecationWarning"),
    schema: read?.schema,
    shapeErrors: read?.errors ?? [],
    hasStatus: objectAt(version, "subresources").status !== undefined,
    scale: parseScale(objectAt(version, "subresources").scale),
    columns: objectsAt(version, "additionalPrinterColumns").map(parseColumn),
    selectableFields: listAt(version, "selectableFields").map((field) =>
      isObject(field) ? textAt(field, "jsonPath") : "",
    ),
  };
}

function parseScale(scale: Json | undefined): ScalePaths | undefined {
  if (!isObject(scale)) return undefined;
  const selector = textAt(scale, "labelSelectorPath");
  return {
    wanted: stepsOf(textAt(scale, "specReplicasPath")),
    present: stepsOf(textAt(scale, "statusReplicasPath")),
    ...(selector !== "" && { selector: stepsOf(selector) }),
  };
}

function parseColumn(column: JsonObject): PrinterColumn {
  return {
    name: textAt(column, "name"),
    type: textAt(column, "type"),
    format: textAt(column, "format"),
    description: textAt(column, "description"),
    priority: typeof column.priority === "number" ? column.priority : 0,
    jsonPath: textAt(column, "jsonPath"),
  };
}
