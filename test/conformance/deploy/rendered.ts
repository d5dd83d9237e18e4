import { parseAllDocuments } from "yaml";

/** An object out of a manifest, as far as these tests look into it. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: { readonly template?: { readonly spec: PodSpec } };
}

export interface PodSpec {
  readonly containers: readonly { readonly name: string; readonly image: string; readonly args: readonly string[] }[];
}

export function parseManifest(text: string): readonly Rendered[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Rendered | null) // what kubectl is given next
    .filter((object) => object !== null);
}

/** A pod of each workload, as its controller would make it. */
export function podsOf(objects: readonly Rendered[], namespace: string): readonly object[] {
  return objects.flatMap(({ metadata, spec }) =>
    spec?.template
      ? [{ apiVersion: "v1", kind: "Pod", metadata: { name: metadata.name, namespace }, spec: spec.template.spec }]
      : [],
  );
}
