import { groupSnapshots } from "../../../api/group-snapshot/resources.ts";
import { contentNameOf } from "../../../api/names.ts";
import { classes, contents } from "../../../api/snapshot/resources.ts";
import { parseSnapshotSource, type SnapshotSource } from "../../../api/snapshot/source.ts";
import type { Snapshot } from "../../../api/snapshot/types.ts";
import type { ObserveContext } from "../../../kube/controller/controller.ts";
import { claims } from "../../../kube/core/claim.ts";
import { nodes } from "../../../kube/core/node.ts";
import { volumes } from "../../../kube/core/volume.ts";
import { keyOf } from "../../../kube/object.ts";
import type { SnapshotCaches } from "../../pairing/caches.ts";
import { isTerminating } from "../../pairing/change.ts";
import { groupOwnerOf, isMember } from "../../pairing/member.ts";
import { isToldOn } from "../../pairing/obstacle.ts";
import type { SnapshotOptions } from "../../pairing/options.ts";
import { restoresOf } from "../../pairing/restore.ts";
import { firstObstacle } from "./obstacles.ts";
import type { SingleSeen } from "./seen.ts";

export interface SingleDeps {
  readonly caches: SnapshotCaches;
  readonly options?: SnapshotOptions;
}

/** Reads the caches; where what they say would be a new obstacle, the API server has the last word: a cache may be behind. */
export async function observe(
  snapshot: Snapshot,
  { caches, options = {} }: SingleDeps,
  context: ObserveContext,
): Promise<SingleSeen> {
  const source = parseSnapshotSource(snapshot);
  const claim = source.kind === "claim" ? caches.claims.get(keyOf(besides(snapshot, source.claimName))) : undefined;
  const volumeName = claim?.spec.volumeName;
  const group = await groupOf(snapshot, caches, context);
  const seen: SingleSeen = {
    snapshot,
    source,
    content: group ? cachedContentOf(snapshot, source, caches) : await contentOf(snapshot, source, caches, context),
    claim,
    volume: volumeName === undefined ? undefined : caches.volumes.get(volumeName),
    classes: caches.classes.list(),
    group,
    isMember: isMember(snapshot),
    restores: restoresOf(snapshot, caches.claims),
    ...(caches.nodes && { nodes: caches.nodes.list() }),
    allowsModeChange: options.preventVolumeModeConversion === false,
    now: context.now,
  };
  if (seen.content || seen.isMember || isTerminating(snapshot) || source.kind !== "claim") return seen;
  const obstacle = firstObstacle(seen);
  return obstacle && !isToldOn(snapshot, obstacle) ? readLive(seen, source.claimName, context) : seen;
}

async function readLive(seen: SingleSeen, claimName: string, { client, signal }: ObserveContext): Promise<SingleSeen> {
  const [claim, list, nodeList] = await Promise.all([
    client.find(claims, besides(seen.snapshot, claimName), { signal }),
    client.list(classes, { signal }),
    seen.nodes && client.list(nodes, { signal }),
  ]);
  const name = claim?.spec.volumeName;
  const volume = name === undefined ? undefined : await client.find(volumes, { name }, { signal });
  return { ...seen, claim, volume, classes: list.items, ...(nodeList && { nodes: nodeList.items }) };
}

function besides({ metadata }: Snapshot, name: string) {
  return { namespace: metadata.namespace, name };
}

/** Where a missing content would have consequences, the API server is asked. */
async function contentOf(
  snapshot: Snapshot,
  source: SnapshotSource,
  caches: SnapshotCaches,
  { client, signal }: ObserveContext,
) {
  const name = contentNameFor(snapshot, source);
  const isBound = snapshot.status?.boundVolumeSnapshotContentName !== undefined;
  const mustExist = source.kind === "adopt" || isBound || isTerminating(snapshot);
  return caches.contents.get(name) ?? (mustExist ? client.find(contents, { name }, { signal }) : undefined);
}

/** A member whose group exists is left to it, so its content has no consequences here. */
function cachedContentOf(snapshot: Snapshot, source: SnapshotSource, { contents }: SnapshotCaches) {
  return contents.get(contentNameFor(snapshot, source));
}

function contentNameFor(snapshot: Snapshot, source: SnapshotSource): string {
  if (source.kind === "adopt") return source.contentName;
  return snapshot.status?.boundVolumeSnapshotContentName ?? contentNameOf(snapshot);
}

/**
 * A member that is to go may do so alone only if its group is gone, which no cache can prove. Where groups are not served
 * it may go as well: that takes nothing off the storage, and nobody else would ever let it go.
 */
async function groupOf(snapshot: Snapshot, caches: SnapshotCaches, { client, signal }: ObserveContext) {
  const owner = groupOwnerOf(snapshot);
  if (!owner) return undefined;
  const at = { namespace: snapshot.metadata.namespace, name: owner.name };
  const cached = caches.groups.get(keyOf(at));
  const isSure = cached !== undefined || !isTerminating(snapshot) || caches.groups.unserved !== undefined;
  const group = isSure ? cached : await client.find(groupSnapshots, at, { signal });
  return group?.metadata.uid === owner.uid ? group : undefined;
}
