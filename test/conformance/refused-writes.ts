import { groupClasses, groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { contents, snapshots } from "../../src/api/snapshot/resources.ts";
import type { Resource } from "../../src/kube/object.ts";

/** An object that may be stored, and a change (a merge patch) that may not be made to it; or a change that spoils its creation. */
export interface RefusedWrite {
  readonly what: string;
  readonly resource: Resource;
  readonly object: object;
  readonly change: object;
  /** "create" tries the object with the change, the others try the change on the stored object. */
  readonly by: "create" | "update" | "status";
}

const group = { spec: { source: { selector: { matchLabels: { a: "b" } } } } };
const adoptedGroup = { spec: { source: { volumeGroupSnapshotContentName: "c" } } };
const boundGroup = { ...group, status: { boundVolumeGroupSnapshotContentName: "c" } };
const ref = { name: "g", namespace: "default" };
const cutContent = {
  spec: {
    driver: "d",
    deletionPolicy: "Delete",
    volumeGroupSnapshotClassName: "k",
    source: { volumeHandles: ["v"] },
    volumeGroupSnapshotRef: { ...ref, uid: "u" },
  },
};
const handles = { volumeGroupSnapshotHandle: "g", volumeSnapshotHandles: ["s"] };
const adoptedContent = { spec: { ...cutContent.spec, source: { groupSnapshotHandles: handles } } };
const toldContent = { ...cutContent, status: { volumeGroupSnapshotHandle: "g" } };
const groupClass = { driver: "d", deletionPolicy: "Delete", parameters: { a: "b" } };
const single = { spec: { source: { persistentVolumeClaimName: "p" } } };
const adoptedSingle = { spec: { source: { volumeSnapshotContentName: "c" } } };
const content = {
  spec: {
    driver: "d",
    deletionPolicy: "Delete",
    sourceVolumeMode: "Block",
    source: { volumeHandle: "v" },
    volumeSnapshotRef: ref,
  },
};
const adoptedSingleContent = { spec: { ...content.spec, source: { snapshotHandle: "s" } } };

const of =
  (resource: Resource) =>
  (by: RefusedWrite["by"], object: object, cases: Readonly<Record<string, object>>): readonly RefusedWrite[] =>
    Object.entries(cases).map(([what, change]) => ({ what, resource, object, change, by }));
const spec = (change: object) => ({ spec: change });
const source = (change: object) => spec({ source: change });

/** What upstream's definitions refuse in one version or another, kind by kind: all of their rules. */
export const refusedWrites: readonly RefusedWrite[] = [
  ...of(groupSnapshots)("create", group, {
    "no source": spec({ source: null }),
    "an empty source": source({ selector: null }),
    "two sources": source({ volumeGroupSnapshotContentName: "c" }),
    "an empty class name": spec({ volumeGroupSnapshotClassName: "" }),
    "an expression without an operator": source({ selector: { matchExpressions: [{ key: "a" }] } }),
  }),
  ...of(groupSnapshots)("update", group, {
    "another selector": source({ selector: { matchLabels: { a: "c" } } }),
    "a content's name in the selector's place": source({ selector: null, volumeGroupSnapshotContentName: "c" }),
  }),
  ...of(groupSnapshots)("update", adoptedGroup, {
    "another content's name": source({ volumeGroupSnapshotContentName: "d" }),
    "a selector in the content's name's place": source({ volumeGroupSnapshotContentName: null, ...group.spec.source }),
  }),
  ...of(groupSnapshots)("status", boundGroup, {
    "another bound content": { status: { boundVolumeGroupSnapshotContentName: "d" } },
  }),
  ...of(groupContents)("create", cutContent, {
    "no driver": spec({ driver: null }),
    "no policy": spec({ deletionPolicy: null }),
    "a policy that does not exist": spec({ deletionPolicy: "Recycle" }),
    "no reference": spec({ volumeGroupSnapshotRef: null }),
    "a reference without a name": spec({ volumeGroupSnapshotRef: { name: null } }),
    "a reference without a namespace": spec({ volumeGroupSnapshotRef: { namespace: null } }),
    "no volumes and no handles": source({ volumeHandles: null }),
    "volumes and handles": source({ groupSnapshotHandles: handles }),
    "a group's handle alone": source({ volumeHandles: null, groupSnapshotHandles: { volumeGroupSnapshotHandle: "g" } }),
  }),
  ...of(groupContents)("update", cutContent, {
    "other volumes": source({ volumeHandles: ["w"] }),
    "handles in the volumes' place": source({ volumeHandles: null, groupSnapshotHandles: handles }),
    "another driver": spec({ driver: "e" }),
    "another class": spec({ volumeGroupSnapshotClassName: "l" }),
    "a reference with another name": spec({ volumeGroupSnapshotRef: { name: "h" } }),
    "a reference with another uid": spec({ volumeGroupSnapshotRef: { uid: "w" } }),
    "a reference that lost its uid": spec({ volumeGroupSnapshotRef: { uid: null } }),
  }),
  ...of(groupContents)("update", adoptedContent, {
    "another group's handle": source({ groupSnapshotHandles: { volumeGroupSnapshotHandle: "h" } }),
    "volumes in the handles' place": source({ groupSnapshotHandles: null, volumeHandles: ["v"] }),
  }),
  ...of(groupContents)("status", toldContent, {
    "another handle of the cut": { status: { volumeGroupSnapshotHandle: "h" } },
  }),
  ...of(groupClasses)("create", groupClass, {
    "no driver": { driver: null },
    "a policy that does not exist": { deletionPolicy: "Recycle" },
  }),
  ...of(groupClasses)("update", groupClass, {
    "another driver": { driver: "e" },
    "another policy": { deletionPolicy: "Retain" },
    "other parameters": { parameters: { a: "c" } },
  }),
  ...of(snapshots)("create", single, {
    "an empty source": source({ persistentVolumeClaimName: null }),
    "two sources": source({ volumeSnapshotContentName: "c" }),
    "an empty class name": spec({ volumeSnapshotClassName: "" }),
  }),
  ...of(snapshots)("update", single, {
    "another claim": source({ persistentVolumeClaimName: "q" }),
    "a content in the claim's place": source({ persistentVolumeClaimName: null, volumeSnapshotContentName: "c" }),
  }),
  ...of(snapshots)("update", adoptedSingle, {
    "another content": source({ volumeSnapshotContentName: "d" }),
  }),
  ...of(contents)("create", content, {
    "no volume and no handle": source({ volumeHandle: null }),
    "a volume and a handle": source({ snapshotHandle: "s" }),
    "a reference without a name": spec({ volumeSnapshotRef: { name: null } }),
    "a reference without a namespace": spec({ volumeSnapshotRef: { namespace: null } }),
    "no policy": spec({ deletionPolicy: null }),
  }),
  ...of(contents)("update", content, {
    "another volume": source({ volumeHandle: "w" }),
    "a handle in the volume's place": source({ volumeHandle: null, snapshotHandle: "s" }),
    "another volume mode": spec({ sourceVolumeMode: "Filesystem" }),
    "no volume mode any more": spec({ sourceVolumeMode: null }),
  }),
  ...of(contents)("update", adoptedSingleContent, {
    "another handle": source({ snapshotHandle: "t" }),
  }),
];
