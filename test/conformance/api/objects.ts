/** A ConfigMap of that name. */
export const map = (name: string, data: object = { a: "1" }, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});

/** A gadget (kinds.ts) of that name. */
export const gadget = (name: string, spec: object = { size: 1 }, metadata: object = {}) => ({
  apiVersion: "example.net/v1",
  kind: "Gadget",
  metadata: { name, ...metadata },
  spec,
});
