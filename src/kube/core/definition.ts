import type { Condition, KubeObject, Resource } from "../object.ts";

/** CustomResourceDefinition, as far as its life cycle goes. */
export interface Definition extends KubeObject {
  readonly spec: object;
  readonly status?: {
    readonly conditions?: readonly Pick<Condition, "type" | "status">[];
    /** Every version that an object may be stored in. */
    readonly storedVersions?: readonly string[];
  };
}

export const definitions: Resource<Definition> = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

export function isEstablished(definition: Definition | undefined): boolean {
  return (
    definition?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") ?? false
  );
}
