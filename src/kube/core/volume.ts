import type { KubeObject, Resource } from "../object.ts";
import type { AccessMode, VolumeMode } from "./claim.ts";
import { meetsOneOf, type NodeSelectorTerm } from "./node-selector.ts";
import type { ResourceList } from "./resource-list.ts";

/** PersistentVolume: a volume that exists on some storage. */
export interface Volume extends KubeObject {
  readonly spec: VolumeSpec;
  readonly status?: VolumeStatus;
}

export interface VolumeSpec {
  readonly capacity?: ResourceList;
  readonly accessModes?: readonly AccessMode[];
  /** The claim that has, or may have, this volume; with a uid the pair is fixed. */
  readonly claimRef?: ClaimRef;
  readonly persistentVolumeReclaimPolicy?: ReclaimPolicy;
  readonly storageClassName?: string;
  readonly mountOptions?: readonly string[];
  /** Absent means Filesystem. */
  readonly volumeMode?: VolumeMode;
  readonly nodeAffinity?: VolumeNodeAffinity;
  /** Absent on volumes of other storage than CSI. */
  readonly csi?: CsiSource;
}

export interface CsiSource {
  readonly driver: string;
  readonly volumeHandle: string;
  readonly readOnly?: boolean;
  readonly fsType?: string;
  readonly volumeAttributes?: Readonly<Record<string, string>>;
  readonly controllerPublishSecretRef?: SecretRef;
  readonly nodeStageSecretRef?: SecretRef;
  readonly nodePublishSecretRef?: SecretRef;
  readonly controllerExpandSecretRef?: SecretRef;
  readonly nodeExpandSecretRef?: SecretRef;
}

export interface SecretRef {
  readonly name: string;
  readonly namespace: string;
}

export interface ClaimRef {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** Whether a volume can be used on a node. */
export function isReachedFrom(node: { readonly name: string; readonly labels?: Texts }, { spec }: Volume): boolean {
  return spec.nodeAffinity === undefined || meetsOneOf(spec.nodeAffinity.required.nodeSelectorTerms, node);
}

type Texts = Readonly<Record<string, string>>;

export interface VolumeNodeAffinity {
  readonly required: { readonly nodeSelectorTerms: readonly NodeSelectorTerm[] };
}

export interface VolumeStatus {
  readonly phase?: "Pending" | "Available" | "Bound" | "Released" | "Failed";
  readonly reason?: string;
  readonly message?: string;
  readonly lastPhaseTransitionTime?: string;
}

export type ReclaimPolicy = "Delete" | "Retain" | "Recycle";

export const volumes: Resource<Volume> = {
  group: "",
  version: "v1",
  plural: "persistentvolumes",
  kind: "PersistentVolume",
  namespaced: false,
};
