import { beingDeleted, yes } from "../../../api/annotations.ts";
import { snapshotFinalizers } from "../../../api/finalizers.ts";
import { reasons } from "../../../api/reasons.ts";
import { contents, snapshots } from "../../../api/snapshot/resources.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import { nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import { keyOf } from "../../../kube/object.ts";
import { equalJson } from "../../../lib/json.ts";
import type { ObjectAction } from "../../pairing/action.ts";
import { bindingOf } from "../../pairing/binding.ts";
import { hasAnnotation, hasFinalizer, isTerminating } from "../../pairing/change.ts";
import { warning } from "../../pairing/obstacle.ts";
import type { SingleSeen } from "../binding/seen.ts";

/** Lets a snapshot go that is being deleted: backwards, its content first, by policy. */
export function decideRelease(seen: SingleSeen): Plan<ObjectAction> {
  const { snapshot, group, restores, content } = seen;
  const held = snapshotFinalizers.filter((finalizer) => hasFinalizer(snapshot, finalizer));
  if (held.length === 0) return nothing("Released");
  if (group)
    return isTerminating(group) ? nothing("LeftToItsGroup") : deletePending(seen, memberStays(group.metadata.name));
  if (restores.length > 0) return deletePending(seen, restoresGoOn(restores.map((claim) => keyOf(claim.metadata))));
  if (content && isOurs(seen, content) && !isDone(content)) return releaseContent(seen, content);
  return {
    reason: "ReleaseSnapshot",
    steps: [[{ do: "change", resource: snapshots, object: snapshot, change: { removeFinalizers: held } }]],
    next: onChange,
  };
}

function deletePending({ snapshot }: SingleSeen, message: string): Plan<ObjectAction> {
  return { ...nothing(reasons.deletePending), events: [warning(snapshot, { reason: reasons.deletePending, message })] };
}

function memberStays(group: string): string {
  return `this snapshot is a member of VolumeGroupSnapshot "${group}" and goes together with it: delete the group`;
}

function restoresGoOn(claims: readonly string[]): string {
  return `volumes are being made from this snapshot for ${[...claims].sort().join(", ")}: it goes when they are bound or deleted`;
}

function isOurs({ snapshot }: SingleSeen, content: SnapshotContent): boolean {
  return bindingOf(snapshot, content, content.spec.volumeSnapshotRef).is === "bound";
}

/** A content that is to be retained has been told that its snapshot goes. */
function isDone(content: SnapshotContent): boolean {
  return content.spec.deletionPolicy === "Retain" && hasAnnotation(content, beingDeleted);
}

/** The mark first: it tells the sidecar that the deletion is meant for the storage too, and not for the object alone. */
function releaseContent(seen: SingleSeen, content: SnapshotContent): Plan<ObjectAction> {
  const annotations = { [beingDeleted]: yes };
  const mark: ObjectAction = { do: "change", resource: contents, object: content, change: { annotations } };
  const steps = [
    ...(hasAnnotation(content, beingDeleted) ? [] : [[mark]]),
    ...(content.spec.deletionPolicy === "Retain" || isTerminating(content)
      ? []
      : [[{ do: "delete" as const, resource: contents, object: content }]]),
  ];
  return steps.length > 0 ? { reason: "ReleaseContent", steps, next: onChange } : waitForContent(seen, content);
}

/** While the storage refuses to delete, the snapshot says why. */
function waitForContent({ snapshot }: SingleSeen, content: SnapshotContent): Plan<ObjectAction> {
  const { error } = content.status ?? {};
  if (!error || equalJson(error, snapshot.status?.error)) return nothing("WaitForStorage");
  const status = { ...snapshot.status, error };
  return {
    reason: "ShowStatus",
    steps: [[{ do: "writeStatus", resource: snapshots, object: snapshot, status }]],
    next: onChange,
  };
}
