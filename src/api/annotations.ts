/** Annotations with a meaning. Marks are annotations whose value is "yes". */
const single = "snapshot.storage.kubernetes.io";
const group = "groupsnapshot.storage.kubernetes.io";

/** What upstream and we write as the value of a mark; that the annotation is there is what counts. */
export const yes = "yes";

/** "true" makes a VolumeSnapshotClass the default of its driver. */
export const isDefaultClass = `${single}/is-default-class`;
/** On a content: the driver may have begun a snapshot whose handle nobody knows. */
export const beingCreated = `${single}/volumesnapshot-being-created`;
/** On a content: its VolumeSnapshot is being deleted, so the storage may be cleaned. */
export const beingDeleted = `${single}/volumesnapshot-being-deleted`;
/** On a content: the secret that deletes its snapshot. */
export const deletionSecretName = `${single}/deletion-secret-name`;
export const deletionSecretNamespace = `${single}/deletion-secret-namespace`;
/** "true" on a content: volumes of another mode than the source's may be made from it. */
export const allowVolumeModeChange = `${single}/allow-volume-mode-change`;

/**
 * On a content, group's or single: what the driver says that this very snapshot is worth ("crash", "filesystem"). Absent
 * where it says nothing.
 */
export const consistencyAnnotation = "groupsnap.dev/consistency";

export const isDefaultGroupClass = `${group}/is-default-class`;
/** On a group's content: the driver may have begun a group snapshot whose handle nobody knows. */
export const groupBeingCreated = `${group}/volumegroupsnapshot-being-created`;
/** On a group's content: its VolumeGroupSnapshot is being deleted, so the storage may be cleaned. */
export const groupBeingDeleted = `${group}/volumegroupsnapshot-being-deleted`;
export const groupDeletionSecretName = `${group}/deletion-secret-name`;
export const groupDeletionSecretNamespace = `${group}/deletion-secret-namespace`;

/** On a member's content: the handle of its group on the storage. */
export const memberGroupHandle = "groupsnapshot.storage.k8s.io/volumeGroupSnapshotHandle";

/** Conversion alone writes these: each carries a field of the status through versions that do not have it. */
export const infoListAnnotation = `${group}/volume-snapshot-info-list`;
/** A content's moment, where it was written in another way than the one that v1alpha1's nanoseconds become. */
export const creationTimeAnnotation = `${group}/creation-time`;
/** A content's source as v1alpha1 had it at first, where a later one has no field for it. */
export const sourceAnnotation = `${group}/source`;
/** The lists that only v1alpha1 had. */
export const alphaListAnnotations = {
  claimsWithSnapshots: `${group}/pvc-volume-snapshot-ref-list`,
  snapshots: `${group}/volume-snapshot-ref-list`,
  volumesWithContents: `${group}/pv-volume-snapshot-content-list`,
  contents: `${group}/volume-snapshot-content-ref-list`,
} as const;
