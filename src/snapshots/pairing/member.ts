import { memberGroupHandle } from "../../api/annotations.ts";
import { groupSnapshotGroup, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import type { Snapshot, SnapshotContent } from "../../api/snapshot/types.ts";
import { groupOf, type OwnerReference } from "../../kube/object.ts";

/** The owner reference by which a VolumeSnapshot is a member of a group, whatever version of the API it was written in. */
export function groupOwnerOf(snapshot: Snapshot): OwnerReference | undefined {
  return snapshot.metadata.ownerReferences?.find(
    (owner) => owner.kind === groupSnapshots.kind && groupOf(owner.apiVersion) === groupSnapshotGroup,
  );
}

export function isMember(snapshot: Snapshot): boolean {
  return groupOwnerOf(snapshot) !== undefined || snapshot.status?.volumeGroupSnapshotName !== undefined;
}

/** True for the content of a member: its snapshot was made, and is deleted, together with its group on the storage. */
export function isMemberContent(content: SnapshotContent): boolean {
  return groupHandleOf(content) !== undefined;
}

/** The handle of the group snapshot that a member's content was cut with. */
export function groupHandleOf({ metadata, status }: SnapshotContent): string | undefined {
  return metadata.annotations?.[memberGroupHandle] ?? status?.volumeGroupSnapshotHandle;
}
