import type { GroupSource } from "../../../api/group-snapshot/source.ts";
import type { GroupSnapshot, GroupSnapshotClass } from "../../../api/group-snapshot/types.ts";
import type { Claim } from "../../../kube/core/claim.ts";
import type { Node } from "../../../kube/core/node.ts";
import type { Volume } from "../../../kube/core/volume.ts";

/** What decides whether, and to what, a group that has no content yet is bound. */
export interface BindingSeen {
  readonly stage: "binding";
  readonly group: GroupSnapshot;
  readonly source: Extract<GroupSource, { readonly kind: "select" }>;
  readonly classes: readonly GroupSnapshotClass[];
  /** The claims the selector matches, by name. */
  readonly claims: readonly SelectedClaim[];
  /** The cluster's nodes, where the content is to be labelled with one. */
  readonly nodes?: readonly Node[];
  readonly now: Date;
}

export interface SelectedClaim {
  readonly claim: Claim;
  /** The volume the claim is bound to, if it exists. */
  readonly volume: Volume | undefined;
}
