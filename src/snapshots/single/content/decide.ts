import { beingDeleted, yes } from "../../../api/annotations.ts";
import { contentFinalizer } from "../../../api/finalizers.ts";
import { contents } from "../../../api/snapshot/resources.ts";
import { parseContentSource } from "../../../api/snapshot/source.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import { type Next, nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import type { Change } from "../../../kube/writes.ts";
import type { ObjectAction } from "../../pairing/action.ts";
import { hasAnnotation, hasFinalizer, isTerminating } from "../../pairing/change.ts";
import { type ContentSeen, graceMsOf } from "./observe.ts";

/** Keeps a content from going before its snapshot, and clears away one whose snapshot went without it. */
export function decide(seen: ContentSeen): Plan<ObjectAction> {
  const { content, snapshot } = seen;
  const graceMs = graceMsOf(seen);
  if (graceMs > 0) return { ...nothing("LeftToItsGroup"), next: nextAfter(graceMs) };
  if (!isTerminating(content) && !hasFinalizer(content, contentFinalizer))
    return plan("ProtectContent", [change(content, { addFinalizers: [contentFinalizer] })]);
  if (snapshot || !content.spec.volumeSnapshotRef.uid) return nothing("ContentIsKept");
  return clear(content);
}

function nextAfter(graceMs: number): Next {
  return Number.isFinite(graceMs) ? { when: "later", delayMs: graceMs } : onChange;
}

/**
 * What we made for a snapshot that is gone goes by its policy. What an admin has brought stays until the admin deletes it.
 */
function clear(content: SnapshotContent): Plan<ObjectAction> {
  const isDoomed =
    isTerminating(content) || (content.spec.deletionPolicy === "Delete" && parseContentSource(content).kind === "cut");
  if (!isDoomed) return nothing("ContentOutlivesItsSnapshot");
  return plan("ClearContent", [
    ...(hasAnnotation(content, beingDeleted) ? [] : [change(content, { annotations: { [beingDeleted]: yes } })]),
    ...(isTerminating(content) ? [] : [{ do: "delete" as const, resource: contents, object: content }]),
  ]);
}

function change(content: SnapshotContent, wanted: Change): ObjectAction {
  return { do: "change", resource: contents, object: content, change: wanted };
}

function plan(reason: string, actions: readonly ObjectAction[]): Plan<ObjectAction> {
  return { reason, steps: actions.map((action) => [action]), next: onChange };
}
