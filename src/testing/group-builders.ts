import { groupContentFinalizer, groupFinalizer } from "../api/finalizers.ts";
import { groupClasses, groupContents, groupSnapshots } from "../api/group-snapshot/resources.ts";
import type {
  GroupSnapshot,
  GroupSnapshotClass,
  GroupSnapshotContent,
  GroupSnapshotContentStatus,
  SnapshotInfo,
} from "../api/group-snapshot/types.ts";
import { groupSnapshotHandle, snapshotHandle, type VolumeHandle, volumeHandle } from "../api/handles.ts";
import { groupContentNameOf } from "../api/names.ts";
import { apiVersionOf, type KubeObject, type ObjectMeta } from "../kube/object.ts";
import { aClaim, aVolumeFor, boundTo, scriptedDriverName } from "./objects/storage.ts";

type Meta = Partial<ObjectMeta>;

const stored = (name: string, meta: Meta): ObjectMeta => ({
  name,
  uid: `uid-of-${name}`,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
  ...meta,
});

/** A VolumeGroupSnapshot in namespace "shop" of class "groups" that selects the claims labelled app=db. */
export function aGroup(change: Partial<Omit<GroupSnapshot, "metadata">> = {}, meta: Meta = {}): GroupSnapshot {
  return {
    apiVersion: apiVersionOf(groupSnapshots),
    kind: groupSnapshots.kind,
    metadata: stored("nightly", { namespace: "shop", ...meta }),
    spec: { volumeGroupSnapshotClassName: "groups", source: { selector: { matchLabels: { app: "db" } } } },
    ...change,
  };
}

/** The group with its finalizer, as it is from the moment it is bound. */
export function aProtectedGroup(change: Partial<Omit<GroupSnapshot, "metadata">> = {}, meta: Meta = {}): GroupSnapshot {
  return aGroup(change, { finalizers: [groupFinalizer], ...meta });
}

/** Class "groups" of the scripted driver, with policy Delete. */
export function aGroupClass(
  change: Partial<Omit<GroupSnapshotClass, "metadata">> = {},
  meta: Meta = {},
): GroupSnapshotClass {
  return {
    apiVersion: apiVersionOf(groupClasses),
    kind: groupClasses.kind,
    metadata: stored("groups", meta),
    driver: scriptedDriverName,
    deletionPolicy: "Delete",
    ...change,
  };
}

/** A bound claim labelled app=db with the volume "handle-of-NAME". */
export function aSourceClaim(name: string, meta: Meta = {}) {
  const claim = aClaim(name, {}, { labels: { app: "db" }, ...meta });
  const volume = aVolumeFor(claim);
  return { claim: boundTo(volume, claim), volume };
}

/** The content of a group that asks for a cut of these claims' volumes. */
export function aGroupContent(
  group: GroupSnapshot,
  claimNames: readonly string[],
  change: { readonly meta?: Meta; readonly status?: GroupSnapshotContentStatus } = {},
): GroupSnapshotContent {
  const { name, namespace = "", uid } = group.metadata;
  return {
    apiVersion: apiVersionOf(groupContents),
    kind: groupContents.kind,
    metadata: stored(groupContentNameOf(group), { finalizers: [groupContentFinalizer], ...change.meta }),
    spec: {
      driver: scriptedDriverName,
      deletionPolicy: "Delete",
      volumeGroupSnapshotClassName: "groups",
      volumeGroupSnapshotRef: { apiVersion: group.apiVersion, kind: group.kind, namespace, name, uid },
      source: { volumeHandles: claimNames.map(handleOf) },
    },
    ...(change.status ? { status: change.status } : {}),
  };
}

/** What a sidecar writes of a cut of these claims' volumes. */
export function aCut(claimNames: readonly string[], readyToUse = true): GroupSnapshotContentStatus {
  return {
    volumeGroupSnapshotHandle: groupSnapshotHandle("group-1"),
    creationTime: "2026-01-01T00:00:00Z",
    readyToUse,
    volumeSnapshotInfoList: claimNames.map((name) => anInfo(name, readyToUse)),
  };
}

/** What a driver says of the snapshot of one claim's volume. */
export function anInfo(claimName: string, readyToUse = true): SnapshotInfo {
  return {
    volumeHandle: handleOf(claimName),
    snapshotHandle: snapshotHandle(`snapshot-of-${claimName}`),
    creationTime: 1_767_225_600_123_456_789n,
    readyToUse,
    restoreSize: 1n << 30n,
  };
}

/** The volume handle that `aSourceClaim` gives its volume. */
export function handleOf(claimName: string): VolumeHandle {
  return volumeHandle(`handle-of-${claimName}`);
}

/** The object as it is after its deletion was asked for. */
export function terminating<T extends KubeObject>(object: T): T {
  return { ...object, metadata: { ...object.metadata, deletionTimestamp: "2026-01-01T01:00:00Z" } };
}
