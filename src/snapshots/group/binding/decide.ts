import { isProblem } from "../../../api/class-parameters.ts";
import { groupFinalizer } from "../../../api/finalizers.ts";
import { groupContents, groupSnapshots } from "../../../api/group-snapshot/resources.ts";
import type { GroupSnapshot, GroupSnapshotClass } from "../../../api/group-snapshot/types.ts";
import { groupReasons } from "../../../api/reasons.ts";
import { again, nothing, type Plan } from "../../../kube/controller/plan.ts";
import { assert } from "../../../lib/assert.ts";
import type { ObjectAction } from "../../pairing/action.ts";
import { hasFinalizer } from "../../pairing/change.ts";
import { isProtected } from "../../pairing/protection.ts";
import { creating } from "../events.ts";
import { reportObstacle, statusChange } from "../status.ts";
import { contentFor } from "./content.ts";
import { classOf, firstObstacle, placeOfGroup } from "./obstacles.ts";
import type { BindingSeen } from "./seen.ts";

/** From a user's request to a content that the sidecar can cut: obstacles, finalizer, protected claims, content, bound name. */
export function decideBinding(seen: BindingSeen): Plan<ObjectAction> {
  const { group, claims, now } = seen;
  const obstacle = firstObstacle(seen);
  if (obstacle) return reportObstacle(group, obstacle, now);
  const groupClass = classOf(seen);
  assert(groupClass, "a group without an obstacle has a class");
  if (!isPrepared(group, groupClass)) return prepare(group, groupClass);
  if (!claims.every(({ claim }) => isProtected(claim))) return nothing("WaitForClaimProtection"); // by pairing/claim
  return bind(seen, groupClass);
}

function isPrepared(group: GroupSnapshot, groupClass: GroupSnapshotClass): boolean {
  return hasFinalizer(group, groupFinalizer) && group.spec.volumeGroupSnapshotClassName === groupClass.metadata.name;
}

/** The finalizer and the name of the default class go in together. */
function prepare(group: GroupSnapshot, groupClass: GroupSnapshotClass): Plan<ObjectAction> {
  const named = group.spec.volumeGroupSnapshotClassName !== undefined;
  const change = {
    addFinalizers: [groupFinalizer],
    ...(named ? {} : { spec: { volumeGroupSnapshotClassName: groupClass.metadata.name } }),
  };
  return {
    reason: "ProtectGroup",
    steps: [[{ do: "change", resource: groupSnapshots, object: group, change }]],
    next: again,
  };
}

function bind(seen: BindingSeen, groupClass: GroupSnapshotClass): Plan<ObjectAction> {
  const { group, now } = seen;
  const draft = contentFor(
    group,
    groupClass,
    seen.claims.flatMap(({ volume }) => volume ?? []),
    placeOfGroup(seen),
  );
  if (isProblem(draft)) {
    const message = `VolumeGroupSnapshotClass "${groupClass.metadata.name}" cannot be used: ${draft.problem}`;
    return reportObstacle(group, { reason: groupReasons.contentRefused, message }, now);
  }
  const status = { boundVolumeGroupSnapshotContentName: draft.metadata.name, readyToUse: false };
  return {
    reason: "BindGroup",
    steps: [
      [{ do: "create", resource: groupContents, draft, ownerUid: group.metadata.uid }],
      ...statusChange(group, status),
    ],
    next: again,
    events: [creating(group)],
  };
}
