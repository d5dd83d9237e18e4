import type { Resource } from "../kube/object.ts";
import type { Schema } from "./schema.ts";

/** A CustomResourceDefinition as it is applied. A type, as its parts are, so that it is known to be plain JSON. */
export type Crd = {
  readonly apiVersion: "apiextensions.k8s.io/v1";
  readonly kind: "CustomResourceDefinition";
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: CrdSpec;
};

/** Says nothing of conversion: None is what that means, and whoever applies it again leaves a webhook's stanza alone. */
export type CrdSpec = {
  readonly group: string;
  readonly names: {
    readonly kind: string;
    readonly listKind: string;
    readonly plural: string;
    readonly singular: string;
    readonly shortNames: readonly string[];
  };
  readonly scope: "Namespaced" | "Cluster";
  readonly versions: readonly CrdVersion[];
};

export type CrdVersion = {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated?: boolean;
  readonly deprecationWarning?: string;
  readonly additionalPrinterColumns?: readonly CrdColumn[];
  readonly schema: { readonly openAPIV3Schema: Schema };
  readonly subresources?: { readonly status: Readonly<Record<string, never>> };
};

export type CrdColumn = {
  readonly name: string;
  readonly type: "string" | "boolean" | "integer" | "date";
  readonly jsonPath: string;
};

export interface CrdParts {
  readonly resource: Resource;
  readonly shortNames: readonly string[];
  /** Where the addition to a `k8s.io` group was approved; the API server asks for it. */
  readonly approved: string;
  readonly versions: readonly CrdVersion[];
}

export function crd({ resource, shortNames, approved, versions }: CrdParts): Crd {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${resource.plural}.${resource.group}`,
      annotations: { "api-approved.kubernetes.io": approved },
    },
    spec: {
      group: resource.group,
      names: {
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural: resource.plural,
        singular: resource.kind.toLowerCase(),
        shortNames,
      },
      scope: resource.namespaced ? "Namespaced" : "Cluster",
      versions,
    },
  };
}

/** A column of `kubectl get`; `path` is the field without its leading dot. */
export function column(name: string, path: string, type: CrdColumn["type"] = "string"): CrdColumn {
  return { name, type, jsonPath: `.${path}` };
}

export const age = column("Age", "metadata.creationTimestamp", "date");

export const withStatus = { subresources: { status: {} } } as const;
