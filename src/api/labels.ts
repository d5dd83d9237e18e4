/** On a content: the node whose sidecar makes and deletes it; others leave it alone. */
export const managedBy = "snapshot.storage.kubernetes.io/managed-by";
/** On a member's VolumeSnapshot: the name of its group. */
export const memberGroupName = "groupsnapshot.storage.k8s.io/volumeGroupSnapshotName";

/** Values of labels are no longer than this. */
export const labelValueLimit = 63;
