import { groupClasses, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshot, GroupSnapshotClass } from "../../api/group-snapshot/types.ts";
import { localDriverName } from "../../api/local-driver.ts";
import { classes as snapshotClasses, snapshots } from "../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotClass } from "../../api/snapshot/types.ts";
import { type Claim, claims } from "../../kube/core/claim.ts";
import { type StorageClass, storageClasses } from "../../kube/core/storage-class.ts";
import { apiVersionOf, type Draft, type Resource } from "../../kube/object.ts";

/** The objects of the walk, with the names that Kubernetes' own introduction of group snapshots gave them. */
export const namespace = "demo-namespace";
export const groupLabel = { group: "myGroup" };
export const groupName = "new-group-snapshot-demo";
/** The introduction writes csi-groupSnapclass, which no API server accepts as an object's name. */
const groupClassName = "csi-groupsnapclass";
const storageClassName = "csi-hostpath-sc";
const snapshotClassName = "csi-snapclass";
const sizeOfClaims = "1Gi";

export const storageClass: Draft<StorageClass> = {
  apiVersion: apiVersionOf(storageClasses),
  kind: storageClasses.kind,
  metadata: { name: storageClassName },
  provisioner: localDriverName,
  reclaimPolicy: "Delete",
  volumeBindingMode: "Immediate",
};

export const groupClass: Draft<GroupSnapshotClass> = {
  apiVersion: apiVersionOf(groupClasses),
  kind: groupClasses.kind,
  metadata: { name: groupClassName },
  driver: localDriverName,
  deletionPolicy: "Delete",
};

export const snapshotClass: Draft<SnapshotClass> = {
  apiVersion: apiVersionOf(snapshotClasses),
  kind: snapshotClasses.kind,
  metadata: { name: snapshotClassName },
  driver: localDriverName,
  deletionPolicy: "Delete",
};

/** An empty claim, or one that restores `snapshotName`. */
export function claim(name: string, snapshotName?: string): Draft<Claim> {
  return {
    apiVersion: apiVersionOf(claims),
    kind: claims.kind,
    metadata: { name, namespace },
    spec: {
      storageClassName,
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: sizeOfClaims } },
      ...(snapshotName
        ? { dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: snapshotName } }
        : {}),
    },
  };
}

/** The group snapshots of the walk in the version that the introduction was written for. */
export const groupsInIntroduction: Resource<GroupSnapshot> = { ...groupSnapshots, version: "v1alpha1" };

export const group: Draft<GroupSnapshot> = {
  apiVersion: apiVersionOf(groupsInIntroduction),
  kind: groupSnapshots.kind,
  metadata: { name: groupName, namespace },
  spec: { volumeGroupSnapshotClassName: groupClassName, source: { selector: { matchLabels: groupLabel } } },
};

/** A snapshot of one claim alone: what the control is made of. */
export function snapshotOf(claimName: string, name: string): Draft<Snapshot> {
  return {
    apiVersion: apiVersionOf(snapshots),
    kind: snapshots.kind,
    metadata: { name, namespace },
    spec: { volumeSnapshotClassName: snapshotClassName, source: { persistentVolumeClaimName: claimName } },
  };
}
