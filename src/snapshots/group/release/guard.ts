import { groupContentFinalizer } from "../../../api/finalizers.ts";
import { groupContents, groupSnapshots } from "../../../api/group-snapshot/resources.ts";
import { parseGroupContentSource } from "../../../api/group-snapshot/source.ts";
import type { GroupSnapshot, GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import { groupReasons } from "../../../api/reasons.ts";
import { type ObserveContext, type Reconciler, watch } from "../../../kube/controller/controller.ts";
import { nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import type { Claim } from "../../../kube/core/claim.ts";
import { keyOf } from "../../../kube/object.ts";
import { actOn, type ObjectAction } from "../../pairing/action.ts";
import { byGroup, type SnapshotCaches } from "../../pairing/caches.ts";
import { hasFinalizer, isTerminating } from "../../pairing/change.ts";
import { warning } from "../../pairing/obstacle.ts";
import { restoresOf } from "../../pairing/restore.ts";
import { needing, type Unserved } from "../../pairing/unserved.ts";
import { contentDeletion } from "./decide.ts";

/** What decides whether a content may go by itself. */
export interface GuardSeen {
  readonly content: GroupSnapshotContent;
  /** The group it is bound to, as long as that exists. */
  readonly group: GroupSnapshot | undefined;
  /** Claims that are being made from members of the group. */
  readonly restores: readonly Claim[];
}

/** The snapshot-controller's side of VolumeGroupSnapshotContents: none goes before its group, and none is left without one. */
export function groupContentGuard(deps: {
  readonly caches: SnapshotCaches;
}): Reconciler<GroupSnapshotContent, GuardSeen | Unserved<GroupSnapshotContent>, ObjectAction> {
  const { caches } = deps;
  const guard: Reconciler<GroupSnapshotContent, GuardSeen, ObjectAction> = {
    name: "snapshot-controller-group-content",
    kind: caches.groupContents,
    watches: [
      watch(caches.groups, ({ metadata }) =>
        caches.groupContents.by(byGroup, keyOf(metadata)).map((content) => keyOf(content.metadata)),
      ),
    ],
    observe: (content, context) => observe(content, caches, context),
    decide: decideGuard,
    act: actOn,
    onFailure: ({ content }, { failure }) => ({
      ...nothing("GroupContentFailed"),
      events: [warning(content, { reason: groupReasons.contentDeletion, message: failure.message })],
    }),
    factsOf: ({ content, group, restores }) => ({
      going: isTerminating(content),
      reference: content.spec.volumeGroupSnapshotRef,
      group: group?.metadata.uid,
      restores: restores.length,
    }),
  };
  return needing(guard, { of: () => [caches.groups, caches.snapshots] });
}

/** That a group is gone has consequences for data, so no cache is believed. */
async function observe(
  content: GroupSnapshotContent,
  caches: SnapshotCaches,
  { client, signal }: ObserveContext,
): Promise<GuardSeen> {
  const { namespace, name, uid } = content.spec.volumeGroupSnapshotRef;
  if (!name || !uid) return { content, group: undefined, restores: [] };
  const isIt = (found: GroupSnapshot | undefined) => (found?.metadata.uid === uid ? found : undefined);
  const at = { namespace, name };
  const group = isIt(caches.groups.get(keyOf(at))) ?? isIt(await client.find(groupSnapshots, at, { signal }));
  const members = group ? [] : caches.snapshots.by(byGroup, uid);
  return { content, group, restores: members.flatMap((snapshot) => restoresOf(snapshot, caches.claims)) };
}

/** Nobody tells this reconciler of the end of a restore, which is rare here: it looks again. */
const restoreCheckMs = 10_000;

/** What we made for a group that is gone goes by its policy. What an admin has brought stays until the admin deletes it. */
export function decideGuard({ content, group, restores }: GuardSeen): Plan<ObjectAction> {
  if (!isTerminating(content) && !hasFinalizer(content, groupContentFinalizer)) return protect(content);
  if (group || !content.spec.volumeGroupSnapshotRef.uid) return nothing("ContentIsKept");
  const isOurs = parseGroupContentSource(content).kind === "cut" && content.spec.deletionPolicy === "Delete";
  if (!isTerminating(content) && !isOurs) return nothing("ContentOutlivesItsGroup");
  if (restores.length > 0) return { ...nothing("WaitForRestores"), next: { when: "later", delayMs: restoreCheckMs } };
  return { reason: "ClearContent", steps: contentDeletion(content), next: onChange };
}

function protect(content: GroupSnapshotContent): Plan<ObjectAction> {
  const change = { addFinalizers: [groupContentFinalizer] };
  return {
    reason: "ProtectContent",
    steps: [[{ do: "change", resource: groupContents, object: content, change }]],
    next: onChange,
  };
}
