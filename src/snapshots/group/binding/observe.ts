import { groupClasses } from "../../../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../../api/group-snapshot/types.ts";
import type { ObserveContext } from "../../../kube/controller/controller.ts";
import { type Claim, claims as claimResource } from "../../../kube/core/claim.ts";
import { nodes as nodeResource } from "../../../kube/core/node.ts";
import { volumes as volumeResource } from "../../../kube/core/volume.ts";
import { isEmptySelector, matches } from "../../../kube/object.ts";
import type { SnapshotCaches } from "../../pairing/caches.ts";
import { isToldOn } from "../../pairing/obstacle.ts";
import { firstObstacle } from "./obstacles.ts";
import type { BindingSeen, SelectedClaim } from "./seen.ts";

type Caches = Pick<SnapshotCaches, "groupClasses" | "claims" | "volumes" | "nodes">;

/** Reads the caches; where what they say would be a new obstacle, the API server has the last word: a cache may be behind. */
export async function observeBinding(
  group: GroupSnapshot,
  source: BindingSeen["source"],
  caches: Caches,
  context: ObserveContext,
): Promise<BindingSeen> {
  const seen: BindingSeen = {
    stage: "binding",
    group,
    source,
    classes: caches.groupClasses.list(),
    claims: await selected(source, caches.claims.list(group.metadata.namespace), caches, context),
    ...(caches.nodes && { nodes: caches.nodes.list() }),
    now: context.now,
  };
  const obstacle = firstObstacle(seen);
  const isNews = obstacle !== undefined && !isToldOn(group, obstacle);
  return isNews ? readLive(seen, caches, context) : seen;
}

async function readLive(seen: BindingSeen, caches: Caches, context: ObserveContext): Promise<BindingSeen> {
  const { client, signal } = context;
  const { namespace = "" } = seen.group.metadata;
  const [classes, claims, nodes] = await Promise.all([
    client.list(groupClasses, { signal }),
    client.list(claimResource, { namespace, signal }),
    caches.nodes && client.list(nodeResource, { signal }),
  ]);
  return {
    ...seen,
    classes: classes.items,
    claims: await selected(seen.source, claims.items, caches, context),
    ...(nodes && { nodes: nodes.items }),
  };
}

/** The claims that the selector matches, by name, each with its volume. */
function selected(
  { selector }: BindingSeen["source"],
  claims: readonly Claim[],
  caches: Caches,
  context: ObserveContext,
): Promise<readonly SelectedClaim[]> {
  if (isEmptySelector(selector)) return Promise.resolve([]);
  const matching = claims
    .filter((claim) => matches(selector, claim.metadata.labels))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return Promise.all(matching.map((claim) => withVolume(claim, caches, context)));
}

/** A claim that names a volume the cache does not hold may be newer than the cache of volumes: only then it is read live. */
async function withVolume(
  claim: Claim,
  caches: Pick<SnapshotCaches, "volumes">,
  { client, signal }: ObserveContext,
): Promise<SelectedClaim> {
  const name = claim.status?.phase === "Bound" ? claim.spec.volumeName : undefined;
  if (name === undefined) return { claim, volume: undefined };
  return { claim, volume: caches.volumes.get(name) ?? (await client.find(volumeResource, { name }, { signal })) };
}
