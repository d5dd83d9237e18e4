import { groupBeingCreated } from "../../../api/annotations.ts";
import { groupFinalizer } from "../../../api/finalizers.ts";
import { parseGroupContentSource } from "../../../api/group-snapshot/source.ts";
import type { GroupSnapshot, GroupSnapshotStatus } from "../../../api/group-snapshot/types.ts";
import { groupReasons } from "../../../api/reasons.ts";
import { contents, snapshots } from "../../../api/snapshot/resources.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import { again, type EventValue, nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import { isOwnedBy, type Resource } from "../../../kube/object.ts";
import { equalJson } from "../../../lib/json.ts";
import type { ObjectAction } from "../../pairing/action.ts";
import { bindingOf } from "../../pairing/binding.ts";
import { hasAnnotation, hasFinalizer } from "../../pairing/change.ts";
import { errorOf, type Obstacle, troubleToldBy, warning } from "../../pairing/obstacle.ts";
import { protect } from "../binding/adopt.ts";
import { created, ready } from "../events.ts";
import { faultOf, faultOfBrought } from "../one-per-volume.ts";
import { reportObstacle, statusChange } from "../status.ts";
import { takeIn } from "./by-hand.ts";
import {
  contentFor,
  contentStatusOf,
  isReady,
  type Member,
  type MemberOf,
  snapshotFor,
  snapshotStatusOf,
} from "./member.ts";
import type { MembersSeen } from "./observe.ts";

/**
 * From a content to a group that is ready: waits for the cut, makes the members in three rounds (snapshots; contents;
 * statuses), all members of a round side by side, and tells how far the group is.
 */
export function decideMembers(seen: MembersSeen): Plan<ObjectAction> {
  const { group, content, now } = seen;
  if (!hasFinalizer(group, groupFinalizer)) return protect(group);
  const obstacle = firstObstacle(seen);
  if (obstacle) return reportObstacle(group, obstacle, now);
  const groupHandle = content.status?.volumeGroupSnapshotHandle;
  if (!groupHandle || seen.members.length === 0) return waitForCut(seen);
  const common: MemberOf = {
    group,
    groupContent: content,
    groupHandle,
    allowsModeChange: seen.allowsModeChange === true,
  };
  return (
    takeIn(seen.added ?? []) ?? makeSnapshots(common, seen) ?? makeContents(common, seen) ?? tellStatuses(common, seen)
  );
}

function waitForCut(seen: MembersSeen): Plan<ObjectAction> {
  return {
    reason: "WaitForCut",
    steps: statusChange(seen.group, statusOf(seen, false)),
    next: onChange,
    events: troubleOf(seen),
  };
}

function makeSnapshots(common: MemberOf, { group, members }: MembersSeen): Plan<ObjectAction> | undefined {
  const missing = members.filter((member) => !member.snapshot);
  if (missing.length === 0) return undefined;
  return {
    reason: "CreateSnapshots",
    steps: [missing.map((member) => creation(snapshots, snapshotFor(common, member), group.metadata.uid))],
    next: again,
    events: [created(group)],
  };
}

/**
 * Contents say what the group is worth, which its content tells from the moment in which its mark is off. That is one write
 * after its status, and is there by the time that the snapshots are made.
 */
function makeContents(common: MemberOf, { members }: MembersSeen): Plan<ObjectAction> | undefined {
  const steps = members.flatMap((member): readonly ObjectAction[] => {
    const { snapshot, content } = member;
    if (!snapshot) return [];
    const { uid } = snapshot.metadata;
    if (!content) return [creation(contents, contentFor(common, member, snapshot), uid)];
    if (content.spec.volumeSnapshotRef.uid === uid) return [];
    const change = { spec: { volumeSnapshotRef: { uid } } }; // the snapshot was taken away by force, and made again
    return [{ do: "change", resource: contents, object: content, change }];
  });
  if (steps.length === 0) return undefined;
  if (hasAnnotation(common.groupContent, groupBeingCreated)) return nothing("WaitForMarkOff");
  return { reason: "CreateContents", steps: [steps], next: again };
}

/** The third round, and then the group's own status: it is ready when the driver said so and every member is. */
function tellStatuses(common: MemberOf, seen: MembersSeen): Plan<ObjectAction> {
  const isGroupReady =
    common.groupContent.status?.readyToUse === true && seen.members.every((member) => isReady(common, member));
  const memberStatuses = seen.members.flatMap((member) => statusesOf(common, member));
  const groupStatus = statusChange(seen.group, statusOf(seen, isGroupReady));
  return {
    reason: isGroupReady ? "Ready" : "WaitForReady",
    steps: [...(memberStatuses.length > 0 ? [memberStatuses] : []), ...groupStatus],
    next: onChange,
    events: [
      ...(isGroupReady && groupStatus.length > 0 ? [ready(seen.group)] : []),
      ...(isGroupReady ? [] : troubleOf(seen)),
    ],
  };
}

function statusesOf(common: MemberOf, member: Member): readonly ObjectAction[] {
  const { snapshot, content } = member;
  if (!snapshot || !content) return [];
  const ofContent = contentStatusOf(common, member);
  const ofSnapshot = snapshotStatusOf(common, member);
  return [
    ...(equalJson(content.status ?? {}, ofContent)
      ? []
      : [{ do: "writeStatus" as const, resource: contents, object: content, status: ofContent }]),
    ...(equalJson(snapshot.status ?? {}, ofSnapshot)
      ? []
      : [{ do: "writeStatus" as const, resource: snapshots, object: snapshot, status: ofSnapshot }]),
  ];
}

type Creation = Extract<ObjectAction, { readonly do: "create" }>;

function creation(resource: Resource, draft: Creation["draft"], ownerUid: string): Creation {
  return { do: "create", resource, draft, ownerUid };
}

/** The group's status, whole. Once ready, it stays ready, and the driver's later troubles are the content's own. */
function statusOf({ group, content, now }: MembersSeen, isGroupReady: boolean): GroupSnapshotStatus {
  const creationTime = content.status?.creationTime ?? group.status?.creationTime;
  const message = troubleToldBy(content);
  const readyToUse = isGroupReady || group.status?.readyToUse === true;
  return {
    boundVolumeGroupSnapshotContentName: group.status?.boundVolumeGroupSnapshotContentName ?? content.metadata.name,
    ...(creationTime === undefined ? {} : { creationTime }),
    readyToUse,
    ...(message === undefined || readyToUse ? {} : { error: errorOf(message, now, group.status?.error) }),
  };
}

/** What the sidecar could not do is told on the group too, where its owner looks. */
function troubleOf({ group, content }: MembersSeen): readonly EventValue[] {
  const message = troubleToldBy(content);
  return message === undefined ? [] : [warning(group, { reason: groupReasons.contentCreationFailed, message })];
}

function firstObstacle(seen: MembersSeen): Obstacle | undefined {
  return misbound(seen) ?? badList(seen) ?? foreignMember(seen) ?? foreignContent(seen);
}

function misbound({ group, content }: MembersSeen): Obstacle | undefined {
  const binding = bindingOf(group, content, content.spec.volumeGroupSnapshotRef);
  if (binding.is === "bound") return undefined;
  const why = binding.is === "foreign" ? binding.why : "it names no uid";
  return { reason: groupReasons.contentMisbound, message: `${why}; delete one of the two` };
}

/**
 * The sidecar checks the same; but the sidecar may be another's. Upstream's makes no list of what an admin brought, and none
 * was made of any group, ready for long, before v1beta1.
 */
function badList({ group, content }: MembersSeen): Obstacle | undefined {
  const list = content.status?.volumeSnapshotInfoList ?? [];
  const source = parseGroupContentSource(content);
  const isOld = source.kind === "adopt" || group.status?.readyToUse === true;
  const isTold = list.length > 0 || (content.status?.readyToUse === true && !isOld);
  if (!isTold) return undefined;
  const isBrought = source.kind === "adopt";
  const fault = isBrought ? faultOfBrought(source.handles.volumeSnapshotHandles, list) : faultOf(source.volumes, list);
  if (!fault) return undefined;
  const advice = isBrought
    ? "bring the group again with the handles that the storage has"
    : `driver "${content.spec.driver}" must make exactly one snapshot of each volume: delete the group snapshot and have the driver mended`;
  const message = `VolumeGroupSnapshotContent "${content.metadata.name}" lists ${fault}; ${advice}`;
  return { reason: groupReasons.contentInvalid, message };
}

function foreignMember({ group, members }: MembersSeen): Obstacle | undefined {
  const foreign = members.find(({ snapshot }) => snapshot && !isOwnedBy(snapshot, group));
  if (!foreign) return undefined;
  return {
    reason: groupReasons.misbound,
    message:
      `VolumeSnapshot "${foreign.names.snapshot}" has the name of a member of this group and is not owned by it; ` +
      "delete it to go on",
  };
}

function foreignContent({ group, members }: MembersSeen): Obstacle | undefined {
  const foreign = members.find((member) => member.content && !isContentOf(group, member, member.content));
  if (!foreign) return undefined;
  return {
    reason: groupReasons.misbound,
    message:
      `VolumeSnapshotContent "${foreign.names.content}" has the name of a member's content of this group and stands for ` +
      "another snapshot; delete it to go on",
  };
}

/**
 * A content that names the snapshot by another uid is ours still: the snapshot was taken away by force, and made again. One
 * that upstream made names the volume, and has its handle in the status.
 */
function isContentOf(group: GroupSnapshot, { names, info }: Member, content: SnapshotContent): boolean {
  const { volumeSnapshotRef: ref, source } = content.spec;
  if (ref.name !== names.snapshot || ref.namespace !== group.metadata.namespace) return false;
  if (source.snapshotHandle !== undefined) return source.snapshotHandle === info.snapshotHandle;
  const handle = content.status?.snapshotHandle;
  return source.volumeHandle === info.volumeHandle && (handle === undefined || handle === info.snapshotHandle);
}
