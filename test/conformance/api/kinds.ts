import { vi } from "vitest";
import type { JsonObject } from "../../../src/lib/json.ts";
import type { RawClient } from "../../../src/testing/raw-client.ts";
import { waitLimitMs } from "./api.ts";

const spec: JsonObject = {
  type: "object",
  required: ["size"],
  properties: {
    size: { type: "integer", format: "int64", minimum: 0 },
    note: { type: "string", maxLength: 40 },
    color: { type: "string", enum: ["green", "red", "blue"], default: "green" },
    maybe: { type: "string", nullable: true },
    port: { "x-kubernetes-int-or-string": true },
    storage: { "x-kubernetes-int-or-string": true, pattern: "^[0-9.]+([KMG]i)?$" },
    tags: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
    parts: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        required: ["name"],
        properties: { name: { type: "string" }, count: { type: "integer", default: 1 } },
      },
    },
    plain: { type: "object", additionalProperties: { type: "string" } },
    raw: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    fixed: {
      type: "string",
      "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "fixed cannot be changed" }],
    },
    least: { type: "integer", format: "int64" },
    replicas: { type: "integer", format: "int32" },
  },
  "x-kubernetes-validations": [
    { rule: "!has(self.least) || self.least <= self.size", message: "size must be at least least", fieldPath: ".size" },
  ],
};

const status: JsonObject = {
  type: "object",
  properties: {
    ready: { type: "boolean" },
    note: { type: "string" },
    replicas: { type: "integer", format: "int32" },
    selector: { type: "string" },
  },
};

const version = (name: string, more: JsonObject): JsonObject => ({
  name,
  served: true,
  storage: false,
  schema: { openAPIV3Schema: { type: "object", properties: { spec, status } } },
  subresources: {
    status: {},
    scale: {
      specReplicasPath: ".spec.replicas",
      statusReplicasPath: ".status.replicas",
      labelSelectorPath: ".status.selector",
    },
  },
  additionalPrinterColumns: [
    { name: "Size", type: "integer", jsonPath: ".spec.size", description: "How large it is." },
    { name: "Color", type: "string", jsonPath: ".spec.color", priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
  selectableFields: [{ jsonPath: ".spec.color" }],
  ...more,
});

/** gadgets.example.net: the custom kind that all cases share. */
export const gadgets: Definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "gadgets.example.net" },
  spec: {
    group: "example.net",
    scope: "Namespaced",
    names: {
      plural: "gadgets",
      singular: "gadget",
      kind: "Gadget",
      listKind: "GadgetList",
      shortNames: ["gd"],
      categories: ["all"],
    },
    versions: [
      version("v1beta1", { deprecated: true, deprecationWarning: "example.net/v1beta1 Gadget is old; use v1" }),
      version("v1", { storage: true }),
      version("v1alpha1", { served: false }),
    ],
  },
};

export interface Definition {
  readonly apiVersion: "apiextensions.k8s.io/v1";
  readonly kind: "CustomResourceDefinition";
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: "Namespaced" | "Cluster";
    readonly names: JsonObject & { readonly plural: string };
    readonly versions: readonly JsonObject[];
    readonly [key: string]: unknown;
  };
}

interface More {
  readonly schema?: JsonObject;
  readonly scope?: "Namespaced" | "Cluster";
}

/** A kind of a case's own in the group own.example.net, with one version, v1, whose schema takes anything unless one is given. */
export const definitionOf = (
  plural: string,
  kind: string,
  { schema, scope = "Namespaced" }: More = {},
): Definition => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.${ownGroup}` },
  spec: {
    group: ownGroup,
    scope,
    names: { plural, kind },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema ?? anything } }],
  },
});

/** Apart from the group of the gadgets, whose discovery is looked at as a whole. */
export const ownGroup = "own.example.net";
const anything: JsonObject = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

export const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** Defines a kind and waits until it is served: a server may be late with it by seconds. */
export async function define({ send }: Pick<RawClient, "send">, body: Definition): Promise<void> {
  const answer = await send("POST", definitionsPath, { body });
  if (answer.code !== 201) throw new Error(`${body.metadata.name} was not defined: ${answer.text}`);
  for (const { name, served } of body.spec.versions)
    if (served) await untilServed({ send }, pathOf(body, String(name)));
}

export const pathOf = ({ spec: { group, names } }: Definition, version: string, here = "") =>
  `/apis/${group}/${version}${here}/${names.plural}`;

/** Waits until there is something at a path. */
export const untilServed = ({ send }: Pick<RawClient, "send">, path: string) =>
  vi.waitFor(
    async () => {
      const { code, text } = await send("GET", path);
      if (code !== 200) throw new Error(`GET ${path} is answered with ${code}: ${text}`);
    },
    { timeout: waitLimitMs, interval: 50 },
  );
