import { groupFinalizer } from "../../../api/finalizers.ts";
import { snapshots } from "../../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { ObserveContext } from "../../../kube/controller/controller.ts";
import { keyOf } from "../../../kube/object.ts";
import { byHandle, handleKey, type SnapshotCaches } from "../../pairing/caches.ts";
import { hasFinalizer, isTerminating } from "../../pairing/change.ts";
import { groupHandleOf, isMemberContent } from "../../pairing/member.ts";

export interface ContentSeen {
  readonly content: SnapshotContent;
  /** The snapshot it is bound to, as long as that exists. */
  readonly snapshot: Snapshot | undefined;
  /** Of a member's content: whether its group is being taken apart right now. */
  readonly groupGoes: boolean;
  readonly now: Date;
}

/** For so long a member's content that is being deleted is left to a group of which nothing is seen. */
const memberGraceMs = 60_000;

/** How long a member's content is to be left to its group yet, which takes it apart at once; 0 for any other content. */
export function graceMsOf({ content, groupGoes, now }: Pick<ContentSeen, "content" | "groupGoes" | "now">): number {
  if (!isMemberContent(content)) return 0;
  const { deletionTimestamp } = content.metadata;
  if (deletionTimestamp === undefined) return Number.POSITIVE_INFINITY;
  if (groupGoes) return memberGraceMs;
  return Math.max(0, memberGraceMs - (now.getTime() - Date.parse(deletionTimestamp)));
}

/** That a snapshot is gone has consequences for data, so no cache is believed. */
export async function observe(
  content: SnapshotContent,
  caches: SnapshotCaches,
  { client, signal, now }: ObserveContext,
): Promise<ContentSeen> {
  const { namespace, name, uid } = content.spec.volumeSnapshotRef;
  const isIt = (found: Snapshot | undefined) => (found?.metadata.uid === uid ? found : undefined);
  const groupGoes = isGroupReleased(content, caches);
  if (!name || !uid || graceMsOf({ content, groupGoes, now }) > 0)
    return { content, snapshot: undefined, groupGoes, now };
  const at = { namespace, name };
  const snapshot = isIt(caches.snapshots.get(keyOf(at))) ?? isIt(await client.find(snapshots, at, { signal }));
  return { content, snapshot, groupGoes, now };
}

function isGroupReleased(content: SnapshotContent, { groupContents, groups }: SnapshotCaches): boolean {
  const handle = groupHandleOf(content);
  if (handle === undefined) return false;
  return groupContents.by(byHandle, handleKey(content.spec.driver, handle)).some(({ spec }) => {
    const { namespace, name = "", uid } = spec.volumeGroupSnapshotRef;
    const group = groups.get(keyOf({ namespace, name }));
    return (
      group?.metadata.uid === uid && group !== undefined && isTerminating(group) && hasFinalizer(group, groupFinalizer)
    );
  });
}
