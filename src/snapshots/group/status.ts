import { groupSnapshots } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshot, GroupSnapshotStatus } from "../../api/group-snapshot/types.ts";
import { onChange, type Plan } from "../../kube/controller/plan.ts";
import { equalJson } from "../../lib/json.ts";
import type { ObjectAction } from "../pairing/action.ts";
import { errorOf, type Obstacle, warning } from "../pairing/obstacle.ts";

/** The step that brings the group's status to `status`; no step where it says so already. */
export function statusChange(group: GroupSnapshot, status: GroupSnapshotStatus): readonly (readonly ObjectAction[])[] {
  if (equalJson(group.status ?? {}, status)) return [];
  return [[{ do: "writeStatus", resource: groupSnapshots, object: group, status }]];
}

/** The step that shows an error on the group and changes nothing else of its status. */
export function errorChange(group: GroupSnapshot, message: string, now: Date): readonly (readonly ObjectAction[])[] {
  return statusChange(group, {
    ...group.status,
    readyToUse: group.status?.readyToUse ?? false,
    error: errorOf(message, now, group.status?.error),
  });
}

/** Shows an obstacle on the group, at once and once, and waits for the facts to change. */
export function reportObstacle(group: GroupSnapshot, obstacle: Obstacle, now: Date): Plan<ObjectAction> {
  return {
    reason: obstacle.reason,
    steps: errorChange(group, obstacle.message, now),
    next: onChange,
    events: [warning(group, obstacle)],
  };
}
