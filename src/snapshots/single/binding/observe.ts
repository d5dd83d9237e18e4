import { groupSnapshots } from "../../../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../../api/group-snapshot/types.ts";
import { contentNameOf } from "../../../api/names.ts";
import { contents } from "../../../api/snapshot/resources.ts";
import { parseSnapshotSource, type SnapshotSource } from "../../../api/snapshot/source.ts";
import type { Snapshot, SnapshotClass, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { ObserveContext } from "../../../kube/controller/controller.ts";
import type { Claim } from "../../../kube/core/claim.ts";
import type { Volume } from "../../../kube/core/volume.ts";
import { keyOf } from "../../../kube/object.ts";
import type { SnapshotCaches } from "../../pairing/caches.ts";
import { isTerminating } from "../../pairing/change.ts";
import { groupOwnerOf, isMember } from "../../pairing/member.ts";
import { restoresOf } from "../../pairing/restore.ts";

export interface SingleSeen {
  readonly snapshot: Snapshot;
  readonly source: SnapshotSource;
  /** The one it names, or the one that was made for it. */
  readonly content: SnapshotContent | undefined;
  readonly claim: Claim | undefined;
  readonly volume: Volume | undefined;
  readonly classes: readonly SnapshotClass[];
  /** The group it is a member of, if it is one and the group exists. */
  readonly group: GroupSnapshot | undefined;
  readonly isMember: boolean;
  /** Claims that are being made from it. */
  readonly restores: readonly Claim[];
  readonly now: Date;
}

export async function observe(
  snapshot: Snapshot,
  caches: SnapshotCaches,
  context: ObserveContext,
): Promise<SingleSeen> {
  const source = parseSnapshotSource(snapshot);
  const claim = source.kind === "claim" ? claimOf(snapshot, source.claimName, caches) : undefined;
  const volumeName = claim?.spec.volumeName;
  return {
    snapshot,
    source,
    content: await contentOf(snapshot, caches, context),
    claim,
    volume: volumeName === undefined ? undefined : caches.volumes.get(volumeName),
    classes: caches.classes.list(),
    group: await groupOf(snapshot, caches, context),
    isMember: isMember(snapshot),
    restores: restoresOf(snapshot, caches.claims),
    now: context.now,
  };
}

function claimOf({ metadata }: Snapshot, name: string, { claims }: SnapshotCaches): Claim | undefined {
  return claims.get(keyOf({ namespace: metadata.namespace, name }));
}

/** Where a missing content would have consequences, the API server is asked: the cache may be behind. */
async function contentOf(snapshot: Snapshot, caches: SnapshotCaches, { client, signal }: ObserveContext) {
  const name = contentNameFor(snapshot);
  const cached = caches.contents.get(name);
  if (cached || !(isTerminating(snapshot) || snapshot.status?.boundVolumeSnapshotContentName)) return cached;
  return client.find(contents, { name }, { signal });
}

function contentNameFor(snapshot: Snapshot): string {
  const source = parseSnapshotSource(snapshot);
  if (source.kind === "adopt") return source.contentName;
  return snapshot.status?.boundVolumeSnapshotContentName ?? contentNameOf(snapshot);
}

/** A member that is to go may do so alone only if its group is gone, which no cache can prove. */
async function groupOf(snapshot: Snapshot, caches: SnapshotCaches, { client, signal }: ObserveContext) {
  const owner = groupOwnerOf(snapshot);
  if (!owner) return undefined;
  const at = { namespace: snapshot.metadata.namespace, name: owner.name };
  const cached = caches.groups.get(keyOf(at));
  const group = cached || !isTerminating(snapshot) ? cached : await client.find(groupSnapshots, at, { signal });
  return group?.metadata.uid === owner.uid ? group : undefined;
}
