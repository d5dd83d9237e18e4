import { snapshots } from "../../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { ObserveContext } from "../../../kube/controller/controller.ts";
import { keyOf } from "../../../kube/object.ts";
import type { SnapshotCaches } from "../../pairing/caches.ts";

export interface ContentSeen {
  readonly content: SnapshotContent;
  /** The snapshot it is bound to, as long as that exists. */
  readonly snapshot: Snapshot | undefined;
}

/** That a snapshot is gone has consequences for data, so no cache is believed. */
export async function observe(
  content: SnapshotContent,
  caches: SnapshotCaches,
  { client, signal }: ObserveContext,
): Promise<ContentSeen> {
  const { namespace, name, uid } = content.spec.volumeSnapshotRef;
  if (!name || !uid) return { content, snapshot: undefined };
  const at = { namespace, name };
  const isIt = (snapshot: Snapshot | undefined) => (snapshot?.metadata.uid === uid ? snapshot : undefined);
  return {
    content,
    snapshot: isIt(caches.snapshots.get(keyOf(at))) ?? isIt(await client.find(snapshots, at, { signal })),
  };
}
