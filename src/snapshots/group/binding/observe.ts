import type { GroupSource } from "../../../api/group-snapshot/source.ts";
import type { GroupSnapshot, GroupSnapshotClass } from "../../../api/group-snapshot/types.ts";
import type { Cache } from "../../../kube/cache/cache.ts";
import type { ObserveContext } from "../../../kube/controller/controller.ts";
import type { Claim } from "../../../kube/core/claim.ts";
import { type Volume, volumes as volumeResource } from "../../../kube/core/volume.ts";
import { isEmptySelector, type KubeObject, matches } from "../../../kube/object.ts";
import type { SnapshotCaches } from "../../pairing/caches.ts";

/** What decides whether, and to what, a group that has no content yet is bound. */
export interface BindingSeen {
  readonly stage: "binding";
  readonly group: GroupSnapshot;
  readonly source: Extract<GroupSource, { readonly kind: "select" }>;
  readonly classes: readonly GroupSnapshotClass[];
  /** The claims the selector matches, by name. */
  readonly claims: readonly SelectedClaim[];
  /** Why classes or contents cannot be read at all, as where their CRDs are missing. */
  readonly trouble: string | undefined;
  readonly now: Date;
}

export interface SelectedClaim {
  readonly claim: Claim;
  /** The volume the claim is bound to, if it exists. */
  readonly volume: Volume | undefined;
}

export async function observeBinding(
  group: GroupSnapshot,
  source: BindingSeen["source"],
  caches: Pick<SnapshotCaches, "groupClasses" | "groupContents" | "claims" | "volumes">,
  context: ObserveContext,
): Promise<BindingSeen> {
  const selected = isEmptySelector(source.selector)
    ? []
    : caches.claims
        .list(group.metadata.namespace)
        .filter((claim) => matches(source.selector, claim.metadata.labels))
        .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return {
    stage: "binding",
    group,
    source,
    classes: caches.groupClasses.list(),
    claims: await Promise.all(selected.map((claim) => withVolume(claim, caches, context))),
    trouble: [caches.groupClasses, caches.groupContents].flatMap((cache) => unreadable(cache))[0],
    now: context.now,
  };
}

/** A cache in trouble that holds something was read once, and is merely behind for a moment. */
function unreadable(cache: Pick<Cache<KubeObject>, "trouble" | "list">): readonly string[] {
  return cache.trouble === undefined || cache.list().length > 0 ? [] : [cache.trouble];
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
