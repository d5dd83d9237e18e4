import type { GroupSnapshot } from "../../../api/group-snapshot/types.ts";
import type { SnapshotSource } from "../../../api/snapshot/source.ts";
import type { Snapshot, SnapshotClass, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { Claim } from "../../../kube/core/claim.ts";
import type { Node } from "../../../kube/core/node.ts";
import type { Volume } from "../../../kube/core/volume.ts";

/** Every fact that the life of a single snapshot is decided from. */
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
  /** The cluster's nodes, where the content is to be labelled with one. */
  readonly nodes?: readonly Node[];
  /** The admin lets volumes of one mode be made from snapshots of the other. */
  readonly allowsModeChange?: boolean;
  readonly now: Date;
}
