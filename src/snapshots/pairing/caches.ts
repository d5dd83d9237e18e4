import { beingCreated, groupBeingCreated } from "../../api/annotations.ts";
import { groupFinalizer } from "../../api/finalizers.ts";
import { groupClasses, groupContents, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshot, GroupSnapshotClass, GroupSnapshotContent } from "../../api/group-snapshot/types.ts";
import { classes, contents, snapshots } from "../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotClass, SnapshotContent } from "../../api/snapshot/types.ts";
import type { Cache, Indexes } from "../../kube/cache/cache.ts";
import { type Claim, claims } from "../../kube/core/claim.ts";
import { type Node, nodes } from "../../kube/core/node.ts";
import { type Volume, volumes } from "../../kube/core/volume.ts";
import { type KubeObject, keyOf, type Resource } from "../../kube/object.ts";
import { hasAnnotation, isTerminating } from "./change.ts";
import { isMember } from "./member.ts";
import type { SnapshotOptions } from "./options.ts";

/** What the snapshot-controller knows. */
export interface SnapshotCaches {
  readonly claims: Cache<Claim>;
  readonly volumes: Cache<Volume>;
  readonly snapshots: Cache<Snapshot>;
  readonly contents: Cache<SnapshotContent>;
  readonly classes: Cache<SnapshotClass>;
  readonly groups: Cache<GroupSnapshot>;
  readonly groupContents: Cache<GroupSnapshotContent>;
  readonly groupClasses: Cache<GroupSnapshotClass>;
  /** Only where contents are labelled with nodes. */
  readonly nodes?: Cache<Node>;
}

/** Makes a cache of one kind; `optional` as in `CacheOptions`. */
type MakeCache = <T extends KubeObject>(
  resource: Resource<T>,
  options?: { readonly indexes?: Indexes<T>; readonly optional?: boolean },
) => Cache<T>;

/**
 * Each cache with the indexes that are asked of it. Snapshot kinds that are not served hold nothing up: their caches are
 * empty and say so by `unserved`, what does not need them goes on, and the rest begins when their CRDs appear.
 */
export function snapshotCaches(
  cache: MakeCache,
  options: Pick<SnapshotOptions, "distributedSnapshotting" | "groupSnapshots"> = {},
): SnapshotCaches {
  return {
    claims: cache(claims, { indexes: claimIndexes }),
    volumes: cache(volumes, { indexes: volumeIndexes }),
    snapshots: cache(snapshots, { indexes: snapshotIndexes, optional: true }),
    contents: cache(contents, { indexes: contentIndexes, optional: true }),
    classes: cache(classes, { optional: true }),
    groups: cache(groupSnapshots, { indexes: groupIndexes(options), optional: true }),
    groupContents: cache(groupContents, { indexes: groupContentIndexes, optional: true }),
    groupClasses: cache(groupClasses, { optional: true }),
    ...(options.distributedSnapshotting && { nodes: cache(nodes) }),
  };
}

/** Names of the indexes: what an object is filed under. */
export const byVolume = "volume";
export const byClaim = "claim";
/** Of what may still be cut: what is done is filed under nothing, so that a claim's hundredth snapshot costs as the first. */
export const byClaimInNeed = "claim in need";
export const byVolumeBeingCut = "volume being cut";
export const bySnapshot = "snapshot";
export const byGroup = "group";
export const byHandle = "handle";
export const unfinished = "unfinished";

/** How a volume or a group snapshot is named in the indexes: handles mean something to their driver only. */
export function handleKey(driver: string, handle: string): string {
  return `${driver}^${handle}`;
}

/** The keys of the VolumeSnapshots that a claim is to be made from. */
export function sourceSnapshotsOf(claim: Claim): readonly string[] {
  const sources = [claim.spec.dataSource, claim.spec.dataSourceRef].filter(
    (source) => source?.kind === snapshots.kind && source.apiGroup === snapshots.group,
  );
  const keys = sources.map((source) =>
    keyOf({ namespace: source?.namespace ?? claim.metadata.namespace, name: source?.name ?? "" }),
  );
  return [...new Set(keys)];
}

const claimIndexes: Indexes<Claim> = { [bySnapshot]: sourceSnapshotsOf };

const volumeIndexes: Indexes<Volume> = {
  [byVolume]: ({ spec: { csi } }) => (csi ? [handleKey(csi.driver, csi.volumeHandle)] : []),
};

const snapshotIndexes: Indexes<Snapshot> = {
  [byClaim]: ({ metadata, spec }) => {
    const name = spec.source.persistentVolumeClaimName;
    return name === undefined ? [] : [keyOf({ namespace: metadata.namespace, name })];
  },
  [byClaimInNeed]: (snapshot) => {
    const { metadata, spec, status } = snapshot;
    const name = spec.source.persistentVolumeClaimName;
    const isDone = status?.readyToUse === true || isTerminating(snapshot) || isMember(snapshot);
    return name === undefined || isDone ? [] : [keyOf({ namespace: metadata.namespace, name })];
  },
  /** Filed under the uid of the group it is a member of, whatever version the owner was written in. */
  [byGroup]: ({ metadata }) =>
    (metadata.ownerReferences ?? []).filter((owner) => owner.kind === groupSnapshots.kind).map((owner) => owner.uid),
};

export const contentIndexes: Indexes<SnapshotContent> = {
  [byVolumeBeingCut]: (content) => {
    const { driver, source } = content.spec;
    const mayBeCut = hasAnnotation(content, beingCreated) || hasAnnotation(content, groupBeingCreated);
    return source.volumeHandle && mayBeCut ? [handleKey(driver, source.volumeHandle)] : [];
  },
  [bySnapshot]: ({ spec: { volumeSnapshotRef } }) => [
    keyOf({ namespace: volumeSnapshotRef.namespace, name: volumeSnapshotRef.name ?? "" }),
  ],
};

const groupIndexes = ({ groupSnapshots: areOn = true }: SnapshotOptions): Indexes<GroupSnapshot> => ({
  /**
   * Groups that are not ready, by namespace: those whose claims are to be protected. Where groups are switched off, one that
   * was never begun holds no claim: it will not be begun.
   */
  [unfinished]: ({ metadata, status }) => {
    const isBegun = areOn || (metadata.finalizers ?? []).includes(groupFinalizer);
    return status?.readyToUse === true || !isBegun ? [] : [metadata.namespace ?? ""];
  },
});

const groupContentIndexes: Indexes<GroupSnapshotContent> = {
  [byVolumeBeingCut]: (content) => {
    const handles = hasAnnotation(content, groupBeingCreated) ? content.spec.source.volumeHandles : [];
    return (handles ?? []).map((handle) => handleKey(content.spec.driver, handle));
  },
  [byGroup]: ({ spec: { volumeGroupSnapshotRef } }) => [
    keyOf({ namespace: volumeGroupSnapshotRef.namespace, name: volumeGroupSnapshotRef.name ?? "" }),
  ],
  [byHandle]: ({ spec: { driver }, status }) => {
    const handle = status?.volumeGroupSnapshotHandle;
    return handle === undefined ? [] : [handleKey(driver, handle)];
  },
};
