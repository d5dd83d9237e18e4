import type { KubeObject } from "../../kube/object.ts";
import type { Int64 } from "../../lib/json.ts";
import type { GroupSnapshotHandle, SnapshotHandle, VolumeHandle } from "../handles.ts";

/** What becomes of the data on the storage when the object that asked for it is deleted. */
export type DeletionPolicy = "Delete" | "Retain";

/** The last thing that went wrong, as users see it on the object. */
export interface SnapshotError {
  /** RFC 3339. */
  readonly time?: string;
  readonly message?: string;
}

/** Which object a content belongs to. The uid is absent until an object made by hand is bound. */
export interface ObjectReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly fieldPath?: string;
}

/** VolumeSnapshot: a user's request for a snapshot of one volume. */
export interface Snapshot extends KubeObject {
  readonly spec: SnapshotSpec;
  readonly status?: SnapshotStatus;
}

export interface SnapshotSpec {
  /** Exactly one of the two is set. */
  readonly source: { readonly persistentVolumeClaimName?: string; readonly volumeSnapshotContentName?: string };
  readonly volumeSnapshotClassName?: string;
}

export interface SnapshotStatus {
  readonly boundVolumeSnapshotContentName?: string;
  /** RFC 3339: the instant of the cut. */
  readonly creationTime?: string;
  readonly readyToUse?: boolean;
  /** A quantity: the smallest volume the snapshot can be restored to. */
  readonly restoreSize?: string;
  readonly error?: SnapshotError;
  /** The group that this snapshot is a member of. */
  readonly volumeGroupSnapshotName?: string;
}

/** VolumeSnapshotContent: one snapshot on the storage. */
export interface SnapshotContent extends KubeObject {
  readonly spec: SnapshotContentSpec;
  readonly status?: SnapshotContentStatus;
}

export interface SnapshotContentSpec {
  readonly driver: string;
  readonly deletionPolicy: DeletionPolicy;
  readonly volumeSnapshotClassName?: string;
  readonly volumeSnapshotRef: ObjectReference;
  /** Exactly one of the two: the volume to snapshot, or a snapshot that exists. */
  readonly source: { readonly volumeHandle?: VolumeHandle; readonly snapshotHandle?: SnapshotHandle };
  readonly sourceVolumeMode?: "Block" | "Filesystem";
}

export interface SnapshotContentStatus {
  readonly snapshotHandle?: SnapshotHandle;
  /** Nanoseconds since 1970. */
  readonly creationTime?: Int64;
  /** Bytes. */
  readonly restoreSize?: Int64;
  readonly readyToUse?: boolean;
  readonly error?: SnapshotError;
  readonly volumeGroupSnapshotHandle?: GroupSnapshotHandle;
}

/** VolumeSnapshotClass: how snapshots of one driver are made. */
export interface SnapshotClass extends KubeObject {
  readonly driver: string;
  readonly deletionPolicy: DeletionPolicy;
  readonly parameters?: Readonly<Record<string, string>>;
}
