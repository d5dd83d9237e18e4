import { snapshots } from "../../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { ObserveContext } from "../../../kube/controller/controller.ts";
import { keyOf } from "../../../kube/object.ts";
import type { SnapshotCaches } from "../../pairing/caches.ts";
import { isMemberContent } from "../../pairing/member.ts";

export interface ContentSeen {
  readonly content: SnapshotContent;
  /** The snapshot it is bound to, as long as that exists. */
  readonly snapshot: Snapshot | undefined;
  readonly now: Date;
}

/** For so long a member's content that is being deleted is left to its group, which takes it apart at once. */
const memberGraceMs = 60_000;

/** How long a member's content is to be left to its group yet; 0 for any other content. */
export function graceMsOf({ content, now }: Pick<ContentSeen, "content" | "now">): number {
  if (!isMemberContent(content)) return 0;
  const { deletionTimestamp } = content.metadata;
  if (deletionTimestamp === undefined) return Number.POSITIVE_INFINITY;
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
  if (!name || !uid || graceMsOf({ content, now }) > 0) return { content, snapshot: undefined, now };
  const at = { namespace, name };
  const snapshot = isIt(caches.snapshots.get(keyOf(at))) ?? isIt(await client.find(snapshots, at, { signal }));
  return { content, snapshot, now };
}
