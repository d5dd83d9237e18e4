/** Quantities by resource name: `{ storage: "1Gi" }`. Parse them with `kube/quantity.ts`. */
export type ResourceList = Readonly<Record<string, string>>;
