import { groupFinalizer } from "../../../api/finalizers.ts";
import { groupContents, groupSnapshots } from "../../../api/group-snapshot/resources.ts";
import { parseGroupContentSource } from "../../../api/group-snapshot/source.ts";
import type { GroupSnapshot, GroupSnapshotClass, GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import { groupReasons } from "../../../api/reasons.ts";
import { again, nothing, type Plan } from "../../../kube/controller/plan.ts";
import type { ObjectAction } from "../../pairing/action.ts";
import { bindingOf } from "../../pairing/binding.ts";
import { hasFinalizer } from "../../pairing/change.ts";
import type { Obstacle } from "../../pairing/obstacle.ts";
import { creating } from "../events.ts";
import { reportObstacle, statusChange } from "../status.ts";

/** What decides whether a group is bound to the content that it names. */
export interface AdoptionSeen {
  readonly stage: "adoption";
  readonly group: GroupSnapshot;
  readonly contentName: string;
  readonly content: GroupSnapshotContent | undefined;
  /** The class that the group names, if it names one that exists. */
  readonly groupClass: GroupSnapshotClass | undefined;
  readonly now: Date;
}

/** Binds a group to a content that an admin made for a group snapshot which exists. Each must name the other. */
export function decideAdoption(seen: AdoptionSeen): Plan<ObjectAction> {
  const { group, content, now } = seen;
  const obstacle = obstacleOf(seen);
  if (obstacle) return reportObstacle(group, obstacle, now);
  if (!hasFinalizer(group, groupFinalizer)) return protect(group);
  if (!content) return nothing("WaitForContent");
  const change = { spec: { volumeGroupSnapshotRef: { uid: group.metadata.uid } } };
  const { error: _error, ...before } = group.status ?? {};
  const status = { readyToUse: false, ...before, boundVolumeGroupSnapshotContentName: content.metadata.name };
  return {
    reason: "BindGroup",
    steps: [[{ do: "change", resource: groupContents, object: content, change }], ...statusChange(group, status)],
    next: again,
    events: [creating(group)],
  };
}

export function protect(group: GroupSnapshot): Plan<ObjectAction> {
  const change = { addFinalizers: [groupFinalizer] };
  return {
    reason: "ProtectGroup",
    steps: [[{ do: "change", resource: groupSnapshots, object: group, change }]],
    next: again,
  };
}

function obstacleOf({ group, content, contentName, groupClass }: AdoptionSeen): Obstacle | undefined {
  if (!content)
    return {
      reason: groupReasons.contentMissing,
      message:
        `spec.source.volumeGroupSnapshotContentName names "${contentName}", and there is no VolumeGroupSnapshotContent ` +
        "of that name; create it, or create the group again with one that exists",
    };
  const binding = bindingOf(group, content, content.spec.volumeGroupSnapshotRef);
  if (binding.is === "foreign")
    return {
      reason: groupReasons.contentMisbound,
      message: `${binding.why}; name a content whose volumeGroupSnapshotRef names this group`,
    };
  if (groupClass && groupClass.driver !== content.spec.driver)
    return {
      reason: groupReasons.contentMismatch,
      message:
        `spec.volumeGroupSnapshotClassName names "${groupClass.metadata.name}" of driver ${groupClass.driver}, and ` +
        `VolumeGroupSnapshotContent "${contentName}" is of ${content.spec.driver}; create the group again without a class, or with one of that driver`,
    };
  if (parseGroupContentSource(content).kind === "adopt") return undefined;
  return {
    reason: groupReasons.contentMismatch,
    message:
      `VolumeGroupSnapshotContent "${contentName}" has spec.source.volumeHandles, so it asks for a new cut; name one ` +
      "with groupSnapshotHandles, or create the group again with a selector",
  };
}
