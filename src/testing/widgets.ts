import type { JsonObject } from "../lib/json.ts";

const schema: JsonObject = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        size: { type: "integer", format: "int64", minimum: 0 },
        note: { type: "string", maxLength: 1000 },
        color: { type: "string", default: "green" },
        parts: { type: "array", items: { type: "string" } },
      },
      required: ["size"],
    },
    status: { type: "object", properties: { ready: { type: "boolean" }, note: { type: "string" } } },
  },
};

/** A custom kind that has nothing to do with snapshots, for tests of the API server: widgets.example.com. */
export const widgets: JsonObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList", shortNames: ["wd"] },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
      },
    ],
  },
};
