import type { KubeObject, Resource } from "../object.ts";
import type { ReclaimPolicy } from "./volume.ts";

/** A sort of volumes: which driver makes them, with which parameters, and what happens after their claim. */
export interface StorageClass extends KubeObject {
  readonly provisioner: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Absent means Delete. */
  readonly reclaimPolicy?: ReclaimPolicy;
  /** Absent means Immediate. */
  readonly volumeBindingMode?: "Immediate" | "WaitForFirstConsumer";
  readonly allowVolumeExpansion?: boolean;
  readonly mountOptions?: readonly string[];
  readonly allowedTopologies?: readonly TopologySelectorTerm[];
}

export interface TopologySelectorTerm {
  readonly matchLabelExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
}

export const defaultClassAnnotation = "storageclass.kubernetes.io/is-default-class";

export const storageClasses: Resource<StorageClass> = {
  group: "storage.k8s.io",
  version: "v1",
  plural: "storageclasses",
  kind: "StorageClass",
  namespaced: false,
};

/** The class that claims without one get: of several defaults the newest, as Kubernetes' admission picks it. */
export function defaultClassOf(classes: readonly StorageClass[]): StorageClass | undefined {
  return classes
    .filter((candidate) => candidate.metadata.annotations?.[defaultClassAnnotation] === "true")
    .sort(newestFirst)[0];
}

function newestFirst(a: StorageClass, b: StorageClass): number {
  const age = b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp);
  return age || a.metadata.name.localeCompare(b.metadata.name);
}
