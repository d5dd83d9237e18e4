import type { Condition, KubeObject, LabelSelector, Resource } from "../object.ts";
import type { ResourceList } from "./resource-list.ts";

/** PersistentVolumeClaim: somebody wants a volume. */
export interface Claim extends KubeObject {
  readonly spec: ClaimSpec;
  readonly status?: ClaimStatus;
}

export interface ClaimSpec {
  readonly accessModes?: readonly AccessMode[];
  readonly resources?: { readonly requests?: ResourceList; readonly limits?: ResourceList };
  readonly selector?: LabelSelector;
  /** The bound volume; written by the binder, or by a user who wants this very volume. */
  readonly volumeName?: string;
  /** "" asks for a volume without class; absent for the default class. */
  readonly storageClassName?: string;
  /** Absent means Filesystem. */
  readonly volumeMode?: VolumeMode;
  readonly dataSource?: DataSource;
  readonly dataSourceRef?: DataSource;
  readonly volumeAttributesClassName?: string;
}

export interface ClaimStatus {
  readonly phase?: "Pending" | "Bound" | "Lost";
  readonly accessModes?: readonly AccessMode[];
  readonly capacity?: ResourceList;
  readonly conditions?: readonly ClaimCondition[];
  readonly allocatedResources?: ResourceList;
  /** How far an expansion is, for each resource that is being expanded; there is "storage" only. */
  readonly allocatedResourceStatuses?: Readonly<Record<string, ResizeStatus>>;
}

/** Who is at work on an expansion, or gave up; a kubelet grows filesystems only where it is its turn. */
export type ResizeStatus =
  | "ControllerResizeInProgress"
  | "ControllerResizeInfeasible"
  | "NodeResizePending"
  | "NodeResizeInProgress"
  | "NodeResizeInfeasible";

/** Types we meet: Resizing, FileSystemResizePending. Here reason and message may be absent. */
export type ClaimCondition = Pick<Condition, "type" | "status"> & Partial<Condition>;

/** What a new volume starts with: another claim, or a VolumeSnapshot. */
export interface DataSource {
  /** Absent or "" for the core group. */
  readonly apiGroup?: string | null;
  readonly kind: string;
  readonly name: string;
  /** In dataSourceRef only. */
  readonly namespace?: string | null;
}

export type AccessMode = "ReadWriteOnce" | "ReadOnlyMany" | "ReadWriteMany" | "ReadWriteOncePod";
export type VolumeMode = "Filesystem" | "Block";

export const claims: Resource<Claim> = {
  group: "",
  version: "v1",
  plural: "persistentvolumeclaims",
  kind: "PersistentVolumeClaim",
  namespaced: true,
};
