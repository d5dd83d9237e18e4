/** Reasons of the events that users and their alerts know. What is not listed here is said under a reason of our own. */

/** On VolumeSnapshots and VolumeSnapshotContents. */
export const reasons = {
  // Normal
  creating: "CreatingSnapshot",
  created: "SnapshotCreated",
  ready: "SnapshotReady",
  // Warning, by the snapshot-controller
  contentInvalid: "ContentValidationError",
  contentRefused: "CreateSnapshotContentFailed",
  claimFinalizer: "ErrorPVCFinalizer",
  classMissing: "GetSnapshotClassFailed",
  defaultClass: "SetDefaultSnapshotClassFailed",
  bindFailed: "SnapshotBindFailed",
  contentCreationFailed: "SnapshotContentCreationFailed",
  contentMisbound: "SnapshotContentMisbound",
  contentMismatch: "SnapshotContentMismatch",
  contentMissing: "SnapshotContentMissing",
  contentDeletion: "SnapshotContentObjectDeleteError",
  finalizer: "SnapshotFinalizerError",
  handleSet: "SnapshotHandleSet",
  misbound: "SnapshotMisbound",
  claimMissing: "SnapshotPVCSourceMissing",
  statusUpdate: "SnapshotStatusUpdateFailed",
  invalid: "SnapshotValidationError",
  deletePending: "SnapshotDeletePending",
  // Warning, by the sidecar
  creationFailed: "SnapshotCreationFailed",
  checkFailed: "SnapshotContentCheckandUpdateFailed",
  deletionFailed: "SnapshotDeleteError",
} as const;

/** On VolumeGroupSnapshots and VolumeGroupSnapshotContents. */
export const groupReasons = {
  // Normal
  creating: "CreatingGroupSnapshot",
  created: "GroupSnapshotCreated",
  ready: "GroupSnapshotReady",
  // Warning, by the snapshot-controller
  contentRefused: "CreateGroupSnapshotContentFailed",
  classMissing: "GetGroupSnapshotClassFailed",
  defaultClass: "SetDefaultGroupSnapshotClassFailed",
  contentInvalid: "GroupContentValidationError",
  bindFailed: "GroupSnapshotBindFailed",
  contentCreationFailed: "GroupSnapshotContentCreationFailed",
  contentMisbound: "GroupSnapshotContentMisbound",
  contentMismatch: "GroupSnapshotContentMismatch",
  contentMissing: "GroupSnapshotContentMissing",
  contentDeletion: "GroupSnapshotContentObjectDeleteError",
  finalizer: "GroupSnapshotFinalizerError",
  handleSet: "GroupSnapshotHandleSet",
  misbound: "GroupSnapshotMisbound",
  statusUpdate: "GroupSnapshotStatusUpdateFailed",
  invalid: "GroupSnapshotValidationError",
  deletePending: "SnapshotDeletePending",
  memberDeletion: "SnapshotDeleteError",
  // Warning, by the sidecar
  creationFailed: "GroupSnapshotCreationFailed",
  checkFailed: "GroupSnapshotContentCheckandUpdateFailed",
  deletionFailed: "GroupSnapshotDeleteError",
} as const;
