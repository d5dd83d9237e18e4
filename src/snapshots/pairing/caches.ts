import { groupSnapshots } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshot, GroupSnapshotClass, GroupSnapshotContent } from "../../api/group-snapshot/types.ts";
import { snapshots } from "../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotClass, SnapshotContent } from "../../api/snapshot/types.ts";
import type { Cache, Indexes } from "../../kube/cache/cache.ts";
import type { Claim } from "../../kube/core/claim.ts";
import type { Volume } from "../../kube/core/volume.ts";
import { keyOf } from "../../kube/object.ts";

/**
 * What the snapshot-controller knows. Each cache is made with the indexes of the same name below. Where the group kinds
 * are not served, their caches are empty and say so by `trouble`; single snapshots go on.
 */
export interface SnapshotCaches {
  readonly claims: Cache<Claim>;
  readonly volumes: Cache<Volume>;
  readonly snapshots: Cache<Snapshot>;
  readonly contents: Cache<SnapshotContent>;
  readonly classes: Cache<SnapshotClass>;
  readonly groups: Cache<GroupSnapshot>;
  readonly groupContents: Cache<GroupSnapshotContent>;
  readonly groupClasses: Cache<GroupSnapshotClass>;
}

/** Names of the indexes: what an object is filed under. */
export const byVolume = "volume";
export const byClaim = "claim";
export const bySnapshot = "snapshot";
export const byGroup = "group";
export const unfinished = "unfinished";

/** How a volume is named in the indexes: handles mean something to their driver only. */
export function volumeKey(driver: string, handle: string): string {
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

export const claimIndexes: Indexes<Claim> = { [bySnapshot]: sourceSnapshotsOf };

export const volumeIndexes: Indexes<Volume> = {
  [byVolume]: ({ spec: { csi } }) => (csi ? [volumeKey(csi.driver, csi.volumeHandle)] : []),
};

export const snapshotIndexes: Indexes<Snapshot> = {
  [byClaim]: ({ metadata, spec }) => {
    const name = spec.source.persistentVolumeClaimName;
    return name === undefined ? [] : [keyOf({ namespace: metadata.namespace, name })];
  },
  /** Filed under the uid of the group it is a member of, whatever version the owner was written in. */
  [byGroup]: ({ metadata }) =>
    (metadata.ownerReferences ?? []).filter((owner) => owner.kind === groupSnapshots.kind).map((owner) => owner.uid),
};

export const contentIndexes: Indexes<SnapshotContent> = {
  [byVolume]: ({ spec }) => (spec.source.volumeHandle ? [volumeKey(spec.driver, spec.source.volumeHandle)] : []),
  [bySnapshot]: ({ spec: { volumeSnapshotRef } }) => [
    keyOf({ namespace: volumeSnapshotRef.namespace, name: volumeSnapshotRef.name ?? "" }),
  ],
};

export const groupIndexes: Indexes<GroupSnapshot> = {
  /** Groups that are not ready, by namespace: those whose claims are to be protected. */
  [unfinished]: ({ metadata, status }) => (status?.readyToUse === true ? [] : [metadata.namespace ?? ""]),
};

export const groupContentIndexes: Indexes<GroupSnapshotContent> = {
  [byVolume]: ({ spec }) => (spec.source.volumeHandles ?? []).map((handle) => volumeKey(spec.driver, handle)),
  [byGroup]: ({ spec: { volumeGroupSnapshotRef } }) => [
    keyOf({ namespace: volumeGroupSnapshotRef.namespace, name: volumeGroupSnapshotRef.name ?? "" }),
  ],
};
