import type { GroupSnapshot, GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import { memberNamesOf } from "../../../api/names.ts";
import type { Snapshot, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { Claim } from "../../../kube/core/claim.ts";
import { byGroup, type SnapshotCaches } from "../../pairing/caches.ts";
import { restoresOf } from "../../pairing/restore.ts";

/** What decides how a group that is being deleted is taken apart. */
export interface ReleaseSeen {
  readonly stage: "release";
  readonly group: GroupSnapshot;
  /** The group's own content, if it is still there. */
  readonly content: GroupSnapshotContent | undefined;
  readonly snapshots: readonly Snapshot[];
  readonly contents: readonly SnapshotContent[];
  /** Claims that are being made from members right now. */
  readonly restores: readonly Claim[];
  readonly now: Date;
}

type Caches = Pick<SnapshotCaches, "snapshots" | "contents" | "claims">;

/** Finds the members by their owner and by the names computed from the volumes: neither depends on a status being written. */
export function observeRelease(
  group: GroupSnapshot,
  content: GroupSnapshotContent | undefined,
  caches: Caches,
  now: Date,
): ReleaseSeen {
  const snapshots = caches.snapshots.by(byGroup, group.metadata.uid);
  return {
    stage: "release",
    group,
    content,
    snapshots,
    contents: contentsOf(group, content, snapshots, caches),
    restores: snapshots.flatMap((snapshot) => restoresOf(snapshot, caches.claims)),
    now,
  };
}

function contentsOf(
  group: GroupSnapshot,
  content: GroupSnapshotContent | undefined,
  snapshots: readonly Snapshot[],
  caches: Caches,
): readonly SnapshotContent[] {
  const bound = snapshots.flatMap(({ status, metadata }) => [
    status?.boundVolumeSnapshotContentName ?? metadata.name.replace(/^snapshot-/, "snapcontent-"),
  ]);
  const volumes = [
    ...(content?.spec.source.volumeHandles ?? []),
    ...(content?.status?.volumeSnapshotInfoList ?? []).flatMap(({ volumeHandle }) => volumeHandle ?? []),
  ];
  const computed = volumes.map((volume) => memberNamesOf(group, volume).content);
  return [...new Set([...bound, ...computed])]
    .flatMap((name) => caches.contents.get(name) ?? [])
    .filter((member) => member.spec.volumeSnapshotRef.namespace === group.metadata.namespace);
}
