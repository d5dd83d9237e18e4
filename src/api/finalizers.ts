/** Finalizers: each keeps an object from going while the reason in its comment lasts. */
const single = "snapshot.storage.kubernetes.io";
const group = "groupsnapshot.storage.kubernetes.io";

/** On a VolumeSnapshotContent: the snapshot on the storage may exist and is to be dealt with first. */
export const contentFinalizer = `${single}/volumesnapshotcontent-bound-protection`;
/** On a VolumeSnapshot: its content is to be released first. */
export const snapshotFinalizer = `${single}/volumesnapshot-bound-protection`;
/** On a VolumeSnapshot: volumes are made from it. */
export const snapshotSourceFinalizer = `${single}/volumesnapshot-as-source-protection`;
/** On a VolumeSnapshot: it is a member of a group that lives. */
export const memberFinalizer = `${single}/volumesnapshot-in-group-protection`;
/** What may hold a VolumeSnapshot. A member of a group has all of them; a snapshot that is released keeps none. */
export const snapshotFinalizers = [memberFinalizer, snapshotFinalizer, snapshotSourceFinalizer];
/** On a claim: a cut of its volume is not done. One string for every single and group that uses the claim. */
export const claimFinalizer = `${single}/pvc-as-source-protection`;
/** On a VolumeGroupSnapshotContent: the group snapshot on the storage may exist and is to be dealt with first. */
export const groupContentFinalizer = `${group}/volumegroupsnapshotcontent-bound-protection`;
/** On a VolumeGroupSnapshot: its members and its content are to be released first. */
export const groupFinalizer = `${group}/volumegroupsnapshot-bound-protection`;
