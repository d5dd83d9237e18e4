import { groupBeingDeleted } from "../../../api/annotations.ts";
import { groupContentFinalizer } from "../../../api/finalizers.ts";
import { groupContents } from "../../../api/group-snapshot/resources.ts";
import { parseGroupContentSource } from "../../../api/group-snapshot/source.ts";
import type { GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import type { GroupSnapshotHandle, SnapshotHandle } from "../../../api/handles.ts";
import { again, nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import type { ObjectAction } from "../../pairing/action.ts";
import { hasAnnotation, hasFinalizer, isTerminating } from "../../pairing/change.ts";
import { type ContentAction, isMarked } from "../cutting/decide.ts";
import type { ContentSeen } from "../cutting/observe.ts";

/**
 * The controller has marked it; or it was never bound to a group, so that nobody else can say so; or nothing of ours holds
 * it any more. A content whose object alone is deleted lives on until its group goes: the group still gets its cut.
 */
export function isReleased(content: GroupSnapshotContent): boolean {
  if (!isTerminating(content)) return false;
  const isBound = content.spec.volumeGroupSnapshotRef.uid !== undefined;
  return !isBound || hasAnnotation(content, groupBeingDeleted) || !hasFinalizer(content, groupContentFinalizer);
}

/** The sidecar's part of a release: what is on the storage goes, if the policy says so, and then the content may go. */
export function decideStorageRelease(seen: ContentSeen): Plan<ContentAction> {
  const { content, groupClass } = seen;
  if (!hasFinalizer(content, groupContentFinalizer)) return nothing("Released");
  if (content.spec.deletionPolicy === "Retain") return letGo(content, []);
  const cut = cutOf(seen);
  if (cut) return letGo(content, [[{ do: "deleteCut", content, ...cut }]]);
  if (isMarked(content) && seen.learnt.nothingCut !== true)
    return { reason: "RecallCut", steps: [[{ do: "recall", content, groupClass }]], next: again };
  return letGo(content, []);
}

interface Cut {
  readonly handle: GroupSnapshotHandle;
  readonly members: readonly SnapshotHandle[];
}

/** What is known of the group snapshot on the storage: just learnt, written down, or brought by an admin. */
function cutOf({ content, learnt }: ContentSeen): Cut | undefined {
  const source = parseGroupContentSource(content);
  const { volumeGroupSnapshotHandle: handle, volumeSnapshotInfoList: list = [] } = content.status ?? {};
  if (learnt.answer) return { handle: learnt.answer.handle, members: handlesOf(learnt.answer.snapshots) };
  if (handle) return { handle, members: handlesOf(list) };
  if (source.kind === "cut") return undefined;
  return { handle: source.handles.volumeGroupSnapshotHandle, members: source.handles.volumeSnapshotHandles };
}

function handlesOf(told: readonly { readonly snapshotHandle?: SnapshotHandle }[]): readonly SnapshotHandle[] {
  return told.flatMap(({ snapshotHandle }) => snapshotHandle ?? []);
}

function letGo(content: GroupSnapshotContent, before: readonly (readonly ContentAction[])[]): Plan<ContentAction> {
  const gone: ObjectAction = {
    do: "change",
    resource: groupContents,
    object: content,
    change: { removeFinalizers: [groupContentFinalizer] },
  };
  return { reason: before.length > 0 ? "DeleteCut" : "LetContentGo", steps: [...before, [gone]], next: onChange };
}
