import type { JsonObject } from "../../../src/lib/json.ts";
import type { Asked } from "../both-servers.ts";

/** A custom kind with everything that can be owned in a way of its own, in two versions. */
export const gearsIn = (version: string) => `/apis/ssa.example/${version}/namespaces/apply/gears`;

const text = { type: "string" };
const part = {
  type: "object",
  required: ["name"],
  properties: {
    name: text,
    port: { type: "integer", default: 80 },
    color: { type: "string", default: "red" },
    note: text,
  },
};
const mapList = (items: object, ...keys: string[]) => ({
  type: "array",
  items,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": keys,
});
const spec = {
  size: { type: "integer" },
  color: { type: "string", default: "green" },
  tags: { type: "array", items: text, "x-kubernetes-list-type": "set" },
  parts: mapList(part, "name", "port"),
  atoms: { type: "array", items: { type: "object", properties: { a: text } } },
  whole: { type: "object", "x-kubernetes-map-type": "atomic", properties: { a: text, b: text } },
  map: { type: "object", additionalProperties: text },
  open: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  mixed: { "x-kubernetes-int-or-string": true },
  none: { type: "string", nullable: true },
  deep: { type: "object", properties: { a: { type: "object", properties: { b: text, c: text } } } },
};
const status = {
  ready: { type: "boolean" },
  conditions: mapList({ type: "object", required: ["type"], properties: { type: text, status: text } }, "type"),
};
const schema = {
  type: "object",
  properties: { spec: { type: "object", properties: spec }, status: { type: "object", properties: status } },
};
export const gears = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "gears.ssa.example" },
  spec: {
    group: "ssa.example",
    scope: "Namespaced",
    names: { plural: "gears", kind: "Gear" },
    versions: ["v1", "v2"].map((name) => ({
      name,
      served: true,
      storage: name === "v1",
      schema: { openAPIV3Schema: schema },
      subresources: { status: {} },
    })),
  },
};

export const types = {
  apply: "application/apply-patch+yaml",
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
};

export interface Gear {
  readonly version?: string;
  readonly metadata?: JsonObject;
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
}

export const gear = (name: string, { version = "v1", metadata = {}, ...parts }: Gear) => ({
  apiVersion: `ssa.example/${version}`,
  kind: "Gear",
  metadata: { name, ...metadata },
  ...parts,
});

/** What the cases do to one gear. */
export function gearOf({ send }: Asked, name: string) {
  const patch =
    (type: keyof typeof types) =>
    (manager: string, body: object, more: { version?: string; path?: string } = {}) =>
      send("PATCH", `${gearsIn(more.version ?? "v1")}/${name}${more.path ?? ""}?fieldManager=${manager}`, {
        body,
        contentType: types[type],
      });
  const apply = patch("apply");
  return {
    create: (manager: string, parts: Gear) =>
      send("POST", `${gearsIn("v1")}?fieldManager=${manager}`, { body: gear(name, parts) }),
    apply: (manager: string, parts: Gear) => apply(manager, gear(name, parts), parts),
    force: (manager: string, parts: Gear) => apply(`${manager}&force=true`, gear(name, parts), parts),
    applyStatus: (manager: string, parts: Gear) => apply(manager, gear(name, parts), { ...parts, path: "/status" }),
    merge: (manager: string, body: object, more?: { version?: string; path?: string }) =>
      patch("merge")(manager, body, more),
    json: patch("json"),
    get: () => send("GET", `${gearsIn("v1")}/${name}`),
    put: (manager: string, body: object) => send("PUT", `${gearsIn("v1")}/${name}?fieldManager=${manager}`, { body }),
  };
}
