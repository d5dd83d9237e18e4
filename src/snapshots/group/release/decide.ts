import { beingDeleted, groupBeingDeleted, yes } from "../../../api/annotations.ts";
import { contentFinalizer, groupFinalizer, snapshotFinalizers } from "../../../api/finalizers.ts";
import { groupContents, groupSnapshots } from "../../../api/group-snapshot/resources.ts";
import type { GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import { groupReasons } from "../../../api/reasons.ts";
import { contents, snapshots } from "../../../api/snapshot/resources.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import { again, nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import { type KubeObject, keyOf, type Resource } from "../../../kube/object.ts";
import type { ObjectAction } from "../../pairing/action.ts";
import { hasAnnotation, hasFinalizer, isTerminating } from "../../pairing/change.ts";
import { troubleToldBy, warning } from "../../pairing/obstacle.ts";
import { errorChange, reportObstacle } from "../status.ts";
import type { ReleaseSeen } from "./observe.ts";

/** Takes a group apart, backwards: restores first end; then the members go, then the group's content, then the group. */
export function decideRelease(seen: ReleaseSeen): Plan<ObjectAction> {
  if (!hasFinalizer(seen.group, groupFinalizer)) return nothing("Released");
  return (
    waitForRestores(seen) ??
    deleteMembers(seen) ??
    letMembersGo(seen) ??
    deleteContent(seen) ??
    waitForContent(seen) ??
    letGroupGo(seen)
  );
}

function waitForRestores({ group, restores, now }: ReleaseSeen): Plan<ObjectAction> | undefined {
  if (restores.length === 0) return undefined;
  const names = restores.map((claim) => keyOf(claim.metadata)).toSorted();
  const message = `claims are being restored from members of the group (${names.join(", ")}); it goes when they are bound or deleted`;
  return reportObstacle(group, { reason: groupReasons.deletePending, message }, now);
}

/** A content's policy stands for its members: theirs were copied from it. */
function isKept(seen: ReleaseSeen, content: SnapshotContent): boolean {
  return (seen.content ?? content).spec.deletionPolicy === "Retain";
}

function deleteMembers(seen: ReleaseSeen): Plan<ObjectAction> | undefined {
  const deletions = [
    ...seen.snapshots.filter((one) => !isTerminating(one)).map((one) => deletion(snapshots, one)),
    ...seen.contents.filter((one) => !isTerminating(one) && !isKept(seen, one)).map((one) => deletion(contents, one)),
  ];
  return deletions.length === 0 ? undefined : { reason: "DeleteMembers", steps: [deletions], next: again };
}

/**
 * First the snapshots and then their contents, so that no snapshot is ever seen without its content. A content gets the
 * deletion mark, by which every sidecar knows that it is done with, as it loses its finalizer.
 */
function letMembersGo(seen: ReleaseSeen): Plan<ObjectAction> | undefined {
  const ofContent = { removeFinalizers: [contentFinalizer], annotations: { [beingDeleted]: yes } };
  const ofSnapshots = seen.snapshots
    .filter((one) => snapshotFinalizers.some((finalizer) => hasFinalizer(one, finalizer)))
    .map((one) => change(snapshots, one, { removeFinalizers: snapshotFinalizers }));
  const ofContents = seen.contents
    .filter((one) => hasFinalizer(one, contentFinalizer))
    .map((one) => change(contents, one, ofContent));
  const steps = [ofSnapshots, ofContents].filter((step) => step.length > 0);
  return steps.length === 0 ? undefined : { reason: "LetMembersGo", steps, next: again };
}

/** The deletion mark tells the sidecar that it may clean the storage; what is retained is marked too, for its admin's deletion. */
function deleteContent({ content }: ReleaseSeen): Plan<ObjectAction> | undefined {
  if (!content) return undefined;
  const steps = contentDeletion(content);
  return steps.length === 0 ? undefined : { reason: "DeleteContent", steps, next: again };
}

/** The steps that hand a content over to the sidecar: its mark, and its deletion unless it is to be retained. */
export function contentDeletion(content: GroupSnapshotContent): readonly (readonly ObjectAction[])[] {
  const isMarked = hasAnnotation(content, groupBeingDeleted);
  const goes = content.spec.deletionPolicy === "Delete" && !isTerminating(content);
  return [
    ...(isMarked ? [] : [[change(groupContents, content, { annotations: { [groupBeingDeleted]: yes } })]]),
    ...(goes ? [[deletion(groupContents, content)]] : []),
  ];
}

/** The sidecar deletes what is on the storage, and then lets the content go. Its troubles are told on the group. */
function waitForContent({ group, content, now }: ReleaseSeen): Plan<ObjectAction> | undefined {
  if (!content || content.spec.deletionPolicy === "Retain") return undefined;
  const message = troubleToldBy(content);
  if (message === undefined) return nothing("WaitForContentGone");
  return {
    reason: "WaitForContentGone",
    steps: errorChange(group, message, now),
    next: onChange,
    events: [warning(group, { reason: groupReasons.contentDeletion, message })],
  };
}

function letGroupGo({ group }: ReleaseSeen): Plan<ObjectAction> {
  return {
    reason: "LetGroupGo",
    steps: [[change(groupSnapshots, group, { removeFinalizers: [groupFinalizer] })]],
    next: onChange,
  };
}

function deletion(resource: Resource, object: KubeObject): ObjectAction {
  return { do: "delete", resource, object };
}

function change(
  resource: Resource,
  object: KubeObject,
  changed: Extract<ObjectAction, { do: "change" }>["change"],
): ObjectAction {
  return { do: "change", resource, object, change: changed };
}
