import type { JsonObject } from "../../lib/json.ts";
import { compileSchema } from "../schema/compile.ts";
import { objectMetaSchema } from "../schema/object-meta.ts";
import type { Schema } from "../schema/schema.ts";
import { newVisit, type Walk } from "../schema/walk.ts";
import type { AdmitRequest, Admitted, Column, FieldError, KeptAs, Kind, SubresourceKind } from "./kind.ts";
import { metadataErrors } from "./metadata.ts";
import { dnsSubdomainProblem, type NameRule } from "./names.ts";

/** A built-in kind, as the tables of this folder state it. */
export interface KindDefinition {
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly clusterScoped?: boolean;
  readonly description: string;
  /** What stands beside apiVersion, kind and metadata. */
  readonly fields: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly columns: readonly Column[];
  readonly hasStatus?: boolean;
  readonly hasGeneration?: boolean;
  /** True for the kinds whose PUT must carry a resourceVersion. */
  readonly needsVersion?: boolean;
  readonly selectableFields?: readonly string[];
  readonly fieldPaths?: Readonly<Record<string, string>>;
  readonly keptAs?: KeptAs;
  readonly isRequest?: boolean;
  readonly subresources?: readonly SubresourceDefinition[];
  readonly hasFinalize?: boolean;
  readonly createdByUpdate?: boolean;
  /** DNS subdomains unless said otherwise. */
  readonly nameRule?: NameRule;
  /** Fills in what depends on other fields. Called with objects of the right shape only. */
  readonly prepare?: (object: JsonObject, request: AdmitRequest) => JsonObject;
  /** What the schema cannot say. Called with objects of the right shape only. */
  readonly check?: (object: JsonObject, request: AdmitRequest) => readonly FieldError[];
}

export interface SubresourceDefinition extends Omit<SubresourceKind, "kind"> {
  readonly kind: KindDefinition;
}

/** The kind that a definition states. */
export function builtInKind(definition: KindDefinition): Kind {
  const { group = "", version = "v1", kind, nameRule = dnsSubdomainProblem } = definition;
  const schema = wholeSchema(definition);
  let walk: Walk | undefined;
  return {
    group,
    version,
    kind,
    listKind: `${kind}List`,
    plural: definition.plural,
    singular: kind.toLowerCase(),
    shortNames: definition.shortNames ?? [],
    categories: definition.categories ?? [],
    namespaced: !definition.clusterScoped,
    storageVersion: version,
    hasStatus: definition.hasStatus ?? false,
    hasGeneration: definition.hasGeneration ?? false,
    unconditionalUpdate: !definition.needsVersion,
    schema,
    columns: definition.columns,
    selectableFields: definition.selectableFields ?? [],
    ...(definition.fieldPaths && { fieldPaths: definition.fieldPaths }),
    ...(definition.keptAs && { keptAs: definition.keptAs }),
    ...(definition.isRequest && { isRequest: true }),
    ...(definition.hasFinalize && { hasFinalize: true }),
    ...(definition.createdByUpdate && { createdByUpdate: true }),
    ...(definition.subresources && { subresources: definition.subresources.map(subresourceOf) }),
    convert: (object) => object,
    admit(object, request) {
      walk ??= compileSchema(schema, { prune: true, builtIn: true });
      return admit({ definition, nameRule, walk }, object, request);
    },
  };
}

export const subresourceOf = ({ kind, ...subresource }: SubresourceDefinition): SubresourceKind => ({
  ...subresource,
  kind: builtInKind(kind),
});

function wholeSchema({ fields, description, required = [] }: KindDefinition): Schema {
  return {
    type: "object",
    description,
    properties: {
      apiVersion: { type: "string", description: "Version of the API this object is written in." },
      kind: { type: "string", description: "What kind of object this is." },
      metadata: objectMetaSchema,
      ...fields,
    },
    ...(required.length > 0 ? { required } : {}),
  };
}

interface Parts {
  readonly definition: KindDefinition;
  readonly nameRule: NameRule;
  readonly walk: Walk;
}

function admit({ definition, nameRule, walk }: Parts, object: JsonObject, request: AdmitRequest): Admitted {
  const visit = newVisit();
  const walked = walk(object, undefined, visit) as JsonObject; // the walk of an object schema gives back an object
  if (visit.errors.some((error) => isOfShape(error)))
    return { object: walked, errors: visit.errors, unknownFields: visit.unknownFields };
  const prepared = definition.prepare?.(walked, request) ?? walked;
  const errors = [
    ...visit.errors,
    ...(definition.isRequest
      ? []
      : metadataErrors(prepared, {
          nameRule,
          old: request.old,
          ownedFinalizers: !apiMachinery.has(definition.group ?? ""),
        })),
    ...(definition.check?.(prepared, request) ?? []),
  ];
  return { object: prepared, errors, unknownFields: visit.unknownFields };
}

/** Groups of the API's own machinery, which names its finalizers without a slash. */
const apiMachinery: ReadonlySet<string> = new Set(["apiextensions.k8s.io", "admissionregistration.k8s.io"]);

/** After these nothing can be said of the object as a whole. */
const isOfShape = ({ reason }: FieldError) => reason === "FieldValueTypeInvalid" || reason === "FieldValueRequired";
