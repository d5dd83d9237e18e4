import type { Resource } from "../../kube/object.ts";
import type { GroupSnapshot, GroupSnapshotClass, GroupSnapshotContent } from "./types.ts";

export const groupSnapshotGroup = "groupsnapshot.storage.k8s.io";

/** The version that our own processes speak. */
const served = { group: groupSnapshotGroup, version: "v1" } as const;

export const groupSnapshots: Resource<GroupSnapshot> = {
  ...served,
  plural: "volumegroupsnapshots",
  kind: "VolumeGroupSnapshot",
  namespaced: true,
};

export const groupContents: Resource<GroupSnapshotContent> = {
  ...served,
  plural: "volumegroupsnapshotcontents",
  kind: "VolumeGroupSnapshotContent",
  namespaced: false,
};

export const groupClasses: Resource<GroupSnapshotClass> = {
  ...served,
  plural: "volumegroupsnapshotclasses",
  kind: "VolumeGroupSnapshotClass",
  namespaced: false,
};
