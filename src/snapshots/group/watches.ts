import { memberGroupHandle } from "../../api/annotations.ts";
import { groupSnapshotGroup } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../api/group-snapshot/types.ts";
import type { Snapshot, SnapshotContent } from "../../api/snapshot/types.ts";
import { type Watch, watch } from "../../kube/controller/controller.ts";
import type { Claim } from "../../kube/core/claim.ts";
import { groupOf, keyOf } from "../../kube/object.ts";
import { type SnapshotCaches, sourceSnapshotsOf, unfinished } from "../pairing/caches.ts";
import { hasAnnotation, isTerminating } from "../pairing/change.ts";

/** The other kinds, each with the groups that a change of it concerns. */
export function watchesOf(caches: SnapshotCaches): readonly Watch[] {
  return [
    watch(caches.groupContents, ({ spec: { volumeGroupSnapshotRef: ref } }) => [
      keyOf({ namespace: ref.namespace, name: ref.name ?? "" }),
    ]),
    watch(caches.groupClasses, () => keysOf(caches.groups.list().filter(isUnbound))),
    watch(caches.claims, (claim) => [
      ...unboundIn(claim.metadata.namespace, caches),
      ...restoredGroupsOf(claim, caches),
    ]),
    watch(caches.volumes, ({ spec }) => unboundIn(spec.claimRef?.namespace, caches)),
    watch(caches.snapshots, groupsOf),
    ...(caches.nodes ? [watch(caches.nodes, () => keysOf(caches.groups.list().filter(isUnbound)))] : []),
    watch(caches.contents, (content) => groupsOfContent(content, caches)),
  ];
}

/** Until a group is bound, any claim of its namespace may be what it waits for. */
function unboundIn(namespace: string | undefined, { groups }: SnapshotCaches): readonly string[] {
  return namespace === undefined ? [] : keysOf(groups.by(unfinished, namespace).filter(isUnbound));
}

function isUnbound({ status }: GroupSnapshot): boolean {
  return status?.boundVolumeGroupSnapshotContentName === undefined;
}

/** A group that is being deleted waits for the restores of its members. */
function restoredGroupsOf(claim: Claim, { snapshots }: SnapshotCaches): readonly string[] {
  return sourceSnapshotsOf(claim).flatMap((key) => {
    const snapshot = snapshots.get(key);
    return snapshot ? groupsOf(snapshot) : [];
  });
}

function groupsOf({ metadata: { namespace, ownerReferences = [] } }: Snapshot): readonly string[] {
  return ownerReferences
    .filter((owner) => owner.kind === "VolumeGroupSnapshot" && groupOf(owner.apiVersion) === groupSnapshotGroup)
    .map(({ name }) => keyOf({ namespace, name }));
}

/** A content whose snapshot is gone already can only matter to a group that is being taken apart. */
function groupsOfContent(content: SnapshotContent, { snapshots, groups }: SnapshotCaches): readonly string[] {
  const { namespace, name = "" } = content.spec.volumeSnapshotRef;
  const snapshot = snapshots.get(keyOf({ namespace, name }));
  if (snapshot) return groupsOf(snapshot);
  return hasAnnotation(content, memberGroupHandle) ? keysOf(groups.list(namespace).filter(isTerminating)) : [];
}

function keysOf(groups: readonly GroupSnapshot[]): readonly string[] {
  return groups.map(({ metadata }) => keyOf(metadata));
}
