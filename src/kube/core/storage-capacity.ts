import type { KubeObject, Resource } from "../object.ts";

/** How much room there is for the volumes of a class, in one place: what the scheduler looks at before it picks a node. */
export interface StorageCapacity extends KubeObject {
  readonly storageClassName: string;
  readonly nodeTopology?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly capacity?: string;
  /** The largest volume that could be made. */
  readonly maximumVolumeSize?: string;
}

/** On a capacity: the driver that it is of. */
export const capacityDriverLabel = "csi.storage.k8s.io/drivername";
/** On a capacity: who keeps it. */
export const capacityManagerLabel = "csi.storage.k8s.io/managed-by";

export const storageCapacities: Resource<StorageCapacity> = {
  group: "storage.k8s.io",
  version: "v1",
  plural: "csistoragecapacities",
  kind: "CSIStorageCapacity",
  namespaced: true,
};
