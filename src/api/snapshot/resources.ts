import type { Resource } from "../../kube/object.ts";
import type { Snapshot, SnapshotClass, SnapshotContent } from "./types.ts";

const snapshotGroup = "snapshot.storage.k8s.io";

const served = { group: snapshotGroup, version: "v1" } as const;

export const snapshots: Resource<Snapshot> = {
  ...served,
  plural: "volumesnapshots",
  kind: "VolumeSnapshot",
  namespaced: true,
};

export const contents: Resource<SnapshotContent> = {
  ...served,
  plural: "volumesnapshotcontents",
  kind: "VolumeSnapshotContent",
  namespaced: false,
};

export const classes: Resource<SnapshotClass> = {
  ...served,
  plural: "volumesnapshotclasses",
  kind: "VolumeSnapshotClass",
  namespaced: false,
};
