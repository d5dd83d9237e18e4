import { Failure } from "../../lib/failure.ts";
import type { JsonObject } from "../../lib/json.ts";
import { beginObject } from "../cel/budget.ts";
import type { RuleCheck } from "../cel/rule.ts";
import { compileRules } from "../cel/rules.ts";
import { ageColumn, nameColumn } from "../kinds/columns.ts";
import { subresourceOf } from "../kinds/define.ts";
import type { AdmitRequest, Admitted, Column, FieldError, Kind } from "../kinds/kind.ts";
import { metadataErrors } from "../kinds/metadata.ts";
import { dnsSubdomainProblem } from "../kinds/names.ts";
import { scaleAt } from "../kinds/scale.ts";
import { compileSchema } from "../schema/compile.ts";
import { objectMetaSchema } from "../schema/object-meta.ts";
import type { Schema } from "../schema/schema.ts";
import { newVisit, type Walk } from "../schema/walk.ts";
import type { Definition, PrinterColumn, Version } from "./definition.ts";
import { withoutOldErrors } from "./ratchet.ts";

/** Turns an object of one version of a kind into another version. */
export type Converter = (object: JsonObject, toVersion: string) => JsonObject;

/** By the names of the definitions whose objects they convert, whatever strategy those have. */
export type Converters = ReadonlyMap<string, Converter>;

/** One version of a custom kind. Its schema and rules are compiled when the first object comes. */
export function customKind(definition: Definition, version: Version, convert: Converter | undefined): Kind {
  const { group, names } = definition;
  const schema = wholeSchema(version.schema ?? {});
  let judge: Judge | undefined;
  return {
    group,
    version: version.name,
    ...names,
    namespaced: definition.namespaced,
    storageVersion: definition.versions.find((one) => one.storage)?.name ?? version.name,
    hasStatus: version.hasStatus,
    ...(version.scale && { subresources: [subresourceOf(scaleAt(version.scale))] }),
    hasGeneration: true,
    unconditionalUpdate: false,
    ...(version.deprecated && { deprecation: deprecationOf(definition, version) }),
    schema,
    columns: columnsOf(version),
    selectableFields: version.selectableFields.map((path) => path.replace(/^\./, "")),
    convert: convert ?? converterOf(definition),
    admit(object, request) {
      judge ??= judgeOf(version.schema ?? {});
      return admit(judge, object, request);
    },
  };
}

function deprecationOf({ group, names }: Definition, version: Version): string {
  return version.deprecationWarning || `${group}/${version.name} ${names.kind} is deprecated`;
}

/** The schema with the metadata that every object has, for clients to read. */
function wholeSchema(schema: Schema): Schema {
  const properties: Record<string, Schema> = {
    apiVersion: { type: "string", description: "Version of the API this object is written in." },
    kind: { type: "string", description: "What kind of object this is." },
    ...schema.properties,
    metadata: objectMetaSchema,
  };
  return { ...schema, properties };
}

function converterOf({ conversion, group, names }: Definition): Converter {
  return (object, toVersion) => {
    const apiVersion = `${group}/${toVersion}`;
    if (object.apiVersion === apiVersion) return object;
    if (conversion === "None") return { ...object, apiVersion };
    throw new Failure(
      "unimplemented",
      `cannot convert ${names.kind} from ${String(object.apiVersion)} to ${apiVersion}: this server calls no conversion ` +
        "webhooks; use the stored version, or conversion strategy None",
    );
  };
}

function columnsOf(version: Version): readonly Column[] {
  if (version.columns.length === 0) return [nameColumn, ageColumn];
  return [nameColumn, ...version.columns.map(columnOf)];
}

function columnOf({ jsonPath, type, ...column }: PrinterColumn): Column {
  return { ...column, type: type as Column["type"], cell: jsonPath }; // checkCrd knows no other types
}

interface Judge {
  readonly walk: Walk;
  readonly rules: RuleCheck | undefined;
}

function judgeOf(schema: Schema): Judge {
  const root: Schema = { ...schema, "x-kubernetes-embedded-resource": true };
  return { walk: compileSchema(root, { prune: true, builtIn: false }), rules: compileRules(root) };
}

function admit(judge: Judge, object: JsonObject, { old }: AdmitRequest): Admitted {
  const visit = newVisit();
  const walked = judge.walk(object, undefined, visit) as JsonObject; // the walk of an object schema gives back an object
  const ofMetadata = metadataErrors(walked, { nameRule: dnsSubdomainProblem, old });
  const schemaErrors = [...ofMetadata, ...visit.errors];
  const errors = [...visit.errors, ...ruleErrors(judge, walked, { schemaErrors, old })];
  return {
    object: walked,
    errors: [...ofMetadata, ...unlessOld(judge, errors, walked, old)],
    unknownFields: visit.unknownFields,
  };
}

/** After these a rule would only trip over the same again. */
const blocking = new Set([
  "FieldValueRequired",
  "FieldValueTypeInvalid",
  "FieldValueNotSupported",
  "FieldValueTooLong",
  "FieldValueTooMany",
]);

interface Judged {
  readonly schemaErrors: readonly FieldError[];
  readonly old: JsonObject | undefined;
}

function ruleErrors({ rules }: Judge, object: JsonObject, { schemaErrors, old }: Judged): readonly FieldError[] {
  if (!rules) return [];
  beginObject();
  if (!schemaErrors.some((error) => blocking.has(error.reason))) return rules(object, old, undefined);
  const message =
    "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing " +
    "errors to complete validation";
  return [{ field: "<nil>", reason: "FieldValueInvalid", message }];
}

/** What was wrong before and has not been touched stays allowed, so that a stricter definition locks nobody out. */
function unlessOld(
  judge: Judge,
  errors: readonly FieldError[],
  object: JsonObject,
  old: JsonObject | undefined,
): readonly FieldError[] {
  if (errors.length === 0 || !old) return errors;
  const visit = newVisit();
  const walked = judge.walk(old, undefined, visit) as JsonObject; // as above
  const before = [...visit.errors, ...ruleErrors(judge, walked, { schemaErrors: visit.errors, old: undefined })];
  return withoutOldErrors({ errors, object, before, old: walked });
}
