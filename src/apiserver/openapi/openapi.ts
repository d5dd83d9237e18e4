import { createHash } from "node:crypto";
import { type Json, type JsonObject, stringifyJson } from "../../lib/json.ts";
import type { Kind } from "../kinds/kind.ts";
import { objectMetaSchema } from "../schema/object-meta.ts";
import {
  deleteOptionsName,
  isBuiltInGroup,
  listMetaName,
  objectMetaName,
  patchName,
  quantityName,
  refTo,
  schemaNameOf,
  statusName,
} from "./names.ts";
import { pathsOf } from "./paths.ts";

/** /openapi/v3: where the document of each group version is, with a hash so that clients can keep it. */
export function openApiIndex(kinds: readonly Kind[]): JsonObject {
  const byPath = new Map<string, Kind[]>();
  for (const kind of kinds) {
    const path = kind.group === "" ? `api/${kind.version}` : `apis/${kind.group}/${kind.version}`;
    byPath.set(path, [...(byPath.get(path) ?? []), kind]);
  }
  const paths = [...byPath].map(([path, members]) => {
    const hash = createHash("sha256");
    for (const member of members) hash.update(fingerprintOf(member));
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash.digest("hex").toUpperCase()}` }];
  });
  return { paths: Object.fromEntries(paths) };
}

/** Where a document of that path is now, with its hash; undefined for what the index does not hold. */
export function openApiAddress(kinds: readonly Kind[], path: string): string | undefined {
  const { paths } = openApiIndex(kinds) as unknown as {
    paths: Readonly<Record<string, { serverRelativeURL: string }>>;
  };
  return paths[path.replace("/openapi/v3/", "")]?.serverRelativeURL;
}

const fingerprints = new WeakMap<Kind, string>();

function fingerprintOf(kind: Kind): string {
  const known = fingerprints.get(kind);
  if (known !== undefined) return known;
  const { plural, kind: name, namespaced, hasStatus, schema } = kind;
  const text = stringifyJson({ plural, name, namespaced, hasStatus, schema });
  const fingerprint = createHash("sha256").update(text).digest("hex");
  fingerprints.set(kind, fingerprint);
  return fingerprint;
}

/** /openapi/v3/…: paths and schemas of the kinds of one group version. */
export function openApiDocument(kinds: readonly Kind[]): JsonObject {
  const paths: Record<string, Json | undefined> = {};
  const schemas: Record<string, JsonObject> = { ...sharedSchemas };
  for (const kind of kinds) {
    Object.assign(paths, pathsOf(kind));
    Object.assign(schemas, objectSchemas(kind));
    if (!kind.isRequest) schemas[schemaNameOf(kind, kind.listKind)] = listSchema(kind);
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "unversioned" },
    paths,
    components: { schemas },
  };
}

const gvk = ({ group, version }: Kind, kind: string) => [{ group, version, kind }];

/** The schema of a kind; and those of what built-in ones ask for and report, which have names of their own: PodSpec. */
function objectSchemas(kind: Kind): Readonly<Record<string, JsonObject>> {
  const isBuiltIn = isBuiltInGroup(kind.group);
  const schema = isBuiltIn ? (withQuantities(kind.schema) as JsonObject) : kind.schema; // an object stays one
  const properties = { ...(schema.properties as Readonly<Record<string, JsonObject>> | undefined) }; // the schema of an object
  const parts: Record<string, JsonObject> = {};
  for (const [field, suffix] of isBuiltIn ? Object.entries(partNames) : []) {
    const part = properties[field];
    if (part?.type !== "object" || part.properties === undefined) continue;
    const name = schemaNameOf(kind, `${kind.kind}${suffix}`);
    parts[name] = part;
    properties[field] = { ...refAsAllOf(name), description: part.description };
  }
  properties.metadata = refAsAllOf(objectMetaName);
  const whole = { ...schema, properties, "x-kubernetes-group-version-kind": gvk(kind, kind.kind) };
  return { ...parts, [schemaNameOf(kind, kind.kind)]: whole };
}

const partNames = { spec: "Spec", status: "Status" };

function listSchema(kind: Kind): JsonObject {
  return {
    type: "object",
    description: `A list of objects of kind ${kind.kind}.`,
    required: ["items"],
    properties: {
      apiVersion: { type: "string", description: "Version of the API the list is written in." },
      kind: { type: "string", description: kind.listKind },
      metadata: refAsAllOf(listMetaName),
      items: { type: "array", description: "The objects.", items: refAsAllOf(schemaNameOf(kind, kind.kind)) },
    },
    "x-kubernetes-group-version-kind": gvk(kind, kind.listKind),
  };
}

/** A reference beside which a description may stand. */
const refAsAllOf = (name: string): JsonObject => ({ allOf: [refTo(name)], default: {} });

/** Quantities are marked by a format of our own; clients know them by reference. */
function withQuantities(schema: Json): Json {
  if (typeof schema !== "object" || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(withQuantities);
  const source = schema as JsonObject; // neither a scalar nor an array
  if (source.format === "quantity" && source["x-kubernetes-int-or-string"] === true)
    return { allOf: [refTo(quantityName)], description: source.description };
  return Object.fromEntries(
    Object.entries(source).map(([key, value]) => [key, value === undefined ? value : withQuantities(value)]),
  );
}

const sharedSchemas: Readonly<Record<string, JsonObject>> = {
  [objectMetaName]: objectMetaSchema,
  [listMetaName]: {
    type: "object",
    description: "What every list has.",
    properties: {
      continue: { type: "string", description: "Where the next page begins." },
      remainingItemCount: { type: "integer", format: "int64", description: "How many objects are still to come." },
      resourceVersion: { type: "string", description: "The version the list shows." },
      selfLink: { type: "string", description: "No longer filled in." },
    },
  },
  [statusName]: {
    type: "object",
    description: "How a request went that has no object to answer with.",
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: refAsAllOf(listMetaName),
      status: { type: "string", description: "Success or Failure." },
      message: { type: "string", description: "What happened, for people." },
      reason: { type: "string", description: "What happened, in one word." },
      details: {
        type: "object",
        description: "Of which object and field.",
        "x-kubernetes-preserve-unknown-fields": true,
      },
      code: { type: "integer", format: "int32", description: "HTTP status." },
    },
    "x-kubernetes-group-version-kind": [{ group: "", version: "v1", kind: "Status" }],
  },
  [deleteOptionsName]: {
    type: "object",
    description: "How an object is to be deleted.",
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      dryRun: { type: "array", items: { type: "string" } },
      gracePeriodSeconds: { type: "integer", format: "int64" },
      orphanDependents: { type: "boolean" },
      preconditions: {
        type: "object",
        properties: { resourceVersion: { type: "string" }, uid: { type: "string" } },
      },
      propagationPolicy: { type: "string" },
    },
  },
  [patchName]: { type: "object", description: "A change to an object." },
  [quantityName]: {
    description: "An amount, such as 1Gi or 100m.",
    oneOf: [{ type: "string" }, { type: "number" }],
  },
};
