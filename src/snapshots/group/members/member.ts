import { consistencyAnnotation, memberGroupHandle } from "../../../api/annotations.ts";
import { contentFinalizer, snapshotFinalizers } from "../../../api/finalizers.ts";
import { groupSnapshots } from "../../../api/group-snapshot/resources.ts";
import type { GroupSnapshot, GroupSnapshotContent, SnapshotInfo } from "../../../api/group-snapshot/types.ts";
import type { GroupSnapshotHandle, SnapshotHandle } from "../../../api/handles.ts";
import { labelValueLimit, managedBy, memberGroupName } from "../../../api/labels.ts";
import type { MemberNames } from "../../../api/names.ts";
import { contents, snapshots } from "../../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotContent, SnapshotContentStatus, SnapshotStatus } from "../../../api/snapshot/types.ts";
import type { Claim } from "../../../kube/core/claim.ts";
import type { Volume } from "../../../kube/core/volume.ts";
import { apiVersionOf, type Draft } from "../../../kube/object.ts";
import { formatQuantity } from "../../../kube/quantity.ts";
import type { Int64 } from "../../../lib/json.ts";
import { referenceTo } from "../../pairing/binding.ts";
import { timeOf } from "../../pairing/obstacle.ts";

/** One snapshot of the group: what the driver said of it, and the two objects that stand for it. */
export interface Member {
  readonly names: MemberNames;
  readonly info: SnapshotInfo & { readonly snapshotHandle: SnapshotHandle };
  readonly snapshot: Snapshot | undefined;
  readonly content: SnapshotContent | undefined;
  /** The claim whose volume was cut; looked up only while one of the objects is missing. */
  readonly claim: Claim | undefined;
  /** The volume itself; looked up like the claim. */
  readonly volume: Volume | undefined;
}

/** What all members of a group have in common. */
export interface MemberOf {
  readonly group: GroupSnapshot;
  readonly groupContent: GroupSnapshotContent;
  readonly groupHandle: GroupSnapshotHandle;
  /** Contents do not tell the mode of their volumes. */
  readonly allowsModeChange?: boolean;
}

/**
 * The member's VolumeSnapshot. A group whose name is longer than a label may be is told by the owner reference alone. It names the claim it was cut from; where the claim or its volume is gone, it names its
 * content, so that the data stays within reach.
 */
export function snapshotFor({ group }: MemberOf, member: Member): Draft<Snapshot> & { metadata: { name: string } } {
  const { name, namespace, uid } = group.metadata;
  return {
    apiVersion: apiVersionOf(snapshots),
    kind: snapshots.kind,
    metadata: {
      name: member.names.snapshot,
      ...(namespace === undefined ? {} : { namespace }),
      ...(name.length <= labelValueLimit ? { labels: { [memberGroupName]: name } } : {}),
      finalizers: snapshotFinalizers,
      ownerReferences: [{ apiVersion: apiVersionOf(groupSnapshots), kind: groupSnapshots.kind, name, uid }],
    },
    spec: {
      source: member.claim
        ? { persistentVolumeClaimName: member.claim.metadata.name }
        : { volumeSnapshotContentName: member.names.content },
    },
  };
}

/** The member's VolumeSnapshotContent, bound to its snapshot from the start. */
export function contentFor(
  { groupContent, groupHandle, allowsModeChange = false }: MemberOf,
  member: Member,
  snapshot: Snapshot,
): Draft<SnapshotContent> & { metadata: { name: string } } {
  const { labels, annotations } = groupContent.metadata;
  const node = labels?.[managedBy];
  const consistency = annotations?.[consistencyAnnotation];
  return {
    apiVersion: apiVersionOf(contents),
    kind: contents.kind,
    metadata: {
      name: member.names.content,
      annotations: {
        [memberGroupHandle]: groupHandle,
        ...(consistency === undefined ? {} : { [consistencyAnnotation]: consistency }),
      },
      ...(node === undefined ? {} : { labels: { [managedBy]: node } }),
      finalizers: [contentFinalizer],
    },
    spec: {
      driver: groupContent.spec.driver,
      deletionPolicy: groupContent.spec.deletionPolicy,
      volumeSnapshotRef: referenceTo(snapshot),
      source: { snapshotHandle: member.info.snapshotHandle },
      ...(member.volume && !allowsModeChange
        ? { sourceVolumeMode: member.volume.spec.volumeMode ?? "Filesystem" }
        : {}),
    },
  };
}

/** The driver has said so: in the list, for the whole group, or of the member by itself. Once said, it is never taken back. */
export function isReady({ groupContent }: Pick<MemberOf, "groupContent">, member: Member): boolean {
  return (
    member.info.readyToUse === true ||
    groupContent.status?.readyToUse === true ||
    member.content?.status?.readyToUse === true ||
    member.snapshot?.status?.readyToUse === true
  );
}

/** The member's content says what the driver said; what else another's sidecar has written there stays. */
export function contentStatusOf(common: MemberOf, member: Member): SnapshotContentStatus {
  const { snapshotHandle, creationTime, restoreSize } = member.info;
  const { error, ...kept } = member.content?.status ?? {};
  const ready = isReady(common, member);
  return {
    ...kept,
    ...(error === undefined || ready ? {} : { error }),
    ...(creationTime === undefined ? {} : { creationTime }),
    ...(restoreSize === undefined ? {} : { restoreSize }),
    snapshotHandle,
    volumeGroupSnapshotHandle: common.groupHandle,
    readyToUse: ready,
  };
}

/** The same for users, in their units. */
export function snapshotStatusOf(common: MemberOf, member: Member): SnapshotStatus {
  const { creationTime, restoreSize } = contentStatusOf(common, member);
  const { error, ...kept } = member.snapshot?.status ?? {};
  const ready = isReady(common, member);
  return {
    ...kept,
    ...(error === undefined || ready ? {} : { error }),
    ...(creationTime === undefined ? {} : { creationTime: momentOf(creationTime) }),
    ...(restoreSize === undefined ? {} : { restoreSize: formatQuantity(BigInt(restoreSize)) }),
    boundVolumeSnapshotContentName: member.names.content,
    volumeGroupSnapshotName: common.group.metadata.name,
    readyToUse: ready,
  };
}

/** Nanoseconds since 1970 as Kubernetes writes times. */
function momentOf(nanoseconds: Int64): string {
  return timeOf(new Date(Number(BigInt(nanoseconds) / 1_000_000n)));
}
