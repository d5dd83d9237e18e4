import type { JsonObject } from "../../../src/lib/json.ts";

/** A ConfigMap of that name. */
export const map = (name: string, data: JsonObject = { a: "1" }, metadata: JsonObject = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});

/** A gadget (kinds.ts) of that name. */
export const gadget = (name: string, spec: JsonObject = { size: 1 }, metadata: JsonObject = {}) => ({
  apiVersion: "example.net/v1",
  kind: "Gadget",
  metadata: { name, ...metadata },
  spec,
});
