import type { KubeObject, LabelSelector } from "../../kube/object.ts";
import type { Int64 } from "../../lib/json.ts";
import type { GroupSnapshotHandle, SnapshotHandle, VolumeHandle } from "../handles.ts";
import type { DeletionPolicy, ObjectReference, SnapshotError } from "../snapshot/types.ts";

/** VolumeGroupSnapshot: a user's request for a snapshot of several volumes at one instant. */
export interface GroupSnapshot extends KubeObject {
  readonly spec: GroupSnapshotSpec;
  readonly status?: GroupSnapshotStatus;
}

export interface GroupSnapshotSpec {
  readonly volumeGroupSnapshotClassName?: string;
  /** Exactly one of the two is set. */
  readonly source: { readonly selector?: LabelSelector; readonly volumeGroupSnapshotContentName?: string };
}

export interface GroupSnapshotStatus {
  readonly boundVolumeGroupSnapshotContentName?: string;
  /** RFC 3339: the instant of the cut. */
  readonly creationTime?: string;
  readonly readyToUse?: boolean;
  readonly error?: SnapshotError;
}

/** VolumeGroupSnapshotContent: one group snapshot on the storage. */
export interface GroupSnapshotContent extends KubeObject {
  readonly spec: GroupSnapshotContentSpec;
  readonly status?: GroupSnapshotContentStatus;
}

export interface GroupSnapshotContentSpec {
  readonly driver: string;
  readonly deletionPolicy: DeletionPolicy;
  readonly volumeGroupSnapshotClassName?: string;
  readonly volumeGroupSnapshotRef: ObjectReference;
  /** Exactly one of the two: the volumes to snapshot, or a group snapshot that exists. */
  readonly source: {
    readonly volumeHandles?: readonly VolumeHandle[];
    readonly groupSnapshotHandles?: GroupSnapshotHandles;
  };
}

export interface GroupSnapshotHandles {
  readonly volumeGroupSnapshotHandle: GroupSnapshotHandle;
  readonly volumeSnapshotHandles: readonly SnapshotHandle[];
}

export interface GroupSnapshotContentStatus {
  readonly volumeGroupSnapshotHandle?: GroupSnapshotHandle;
  /** RFC 3339. */
  readonly creationTime?: string;
  readonly readyToUse?: boolean;
  readonly error?: SnapshotError;
  readonly volumeSnapshotInfoList?: readonly SnapshotInfo[];
}

/** What the driver said of one member. */
export interface SnapshotInfo {
  readonly volumeHandle?: VolumeHandle;
  readonly snapshotHandle?: SnapshotHandle;
  /** Nanoseconds since 1970. */
  readonly creationTime?: Int64;
  readonly readyToUse?: boolean;
  /** Bytes. */
  readonly restoreSize?: Int64;
}

/** VolumeGroupSnapshotClass: how group snapshots of one driver are made. */
export interface GroupSnapshotClass extends KubeObject {
  readonly driver: string;
  readonly deletionPolicy: DeletionPolicy;
  readonly parameters?: Readonly<Record<string, string>>;
}
