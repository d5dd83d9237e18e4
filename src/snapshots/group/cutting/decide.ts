import { consistencyAnnotation, groupBeingCreated, yes } from "../../../api/annotations.ts";
import { isProblem } from "../../../api/class-parameters.ts";
import { groupContentFinalizer } from "../../../api/finalizers.ts";
import { groupContents } from "../../../api/group-snapshot/resources.ts";
import { parseGroupContentSource } from "../../../api/group-snapshot/source.ts";
import type { GroupSnapshotContent, GroupSnapshotContentStatus } from "../../../api/group-snapshot/types.ts";
import { groupReasons } from "../../../api/reasons.ts";
import { again, type Next, nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import { equalJson } from "../../../lib/json.ts";
import type { ObjectAction } from "../../pairing/action.ts";
import { hasAnnotation, hasFinalizer } from "../../pairing/change.ts";
import { errorOf, warning } from "../../pairing/obstacle.ts";
import type { DriverAction } from "./act.ts";
import { type Answer, statusOf } from "./answer.ts";
import type { ContentSeen } from "./observe.ts";
import { termsOfAsking, termsOfCut } from "./request.ts";

export type ContentAction = ObjectAction | DriverAction;

/** A driver that is not ready is asked after 1 s, 2 s, … and then every minute. */
const poll: Next = { when: "poll", capMs: 60_000 };

/** From a content to a cut whose handle, members and readiness its status tells. */
export function decideCut(seen: ContentSeen): Plan<ContentAction> {
  const { content, learnt } = seen;
  if (learnt.answer) return settle(content, learnt.answer);
  if (isDone(content)) return isMarked(content) ? unmark(content) : nothing("Ready");
  if (namesNoVolume(content) && content.status?.volumeGroupSnapshotHandle) return nothing("CutOfOld");
  const obstacle = obstacleOf(seen);
  if (obstacle !== undefined) return report(seen, obstacle);
  return canOnlyAsk(seen) ? ask(seen) : cut(seen);
}

/** The driver has said that all is ready, and all that it said stands in the status. */
function isDone({ status }: GroupSnapshotContent): boolean {
  return (
    status?.readyToUse === true &&
    Boolean(status.volumeGroupSnapshotHandle) &&
    (status.volumeSnapshotInfoList ?? []).length > 0
  );
}

/** Stored when volumes were named by their PersistentVolumes: its members were made then, and there is nothing to ask by. */
function namesNoVolume(content: GroupSnapshotContent): boolean {
  const source = parseGroupContentSource(content);
  return source.kind === "cut" && source.volumes.length === 0;
}

/** What an admin brought is never cut; nor is a cut whose class is gone, as the same call could not be made again. */
function canOnlyAsk({ content, groupClass }: ContentSeen): boolean {
  const isHandleKnown = Boolean(content.status?.volumeGroupSnapshotHandle);
  return parseGroupContentSource(content).kind === "adopt" || (isHandleKnown && !groupClass);
}

/** A create may be in flight, whose handle nobody knows. */
export function isMarked(content: GroupSnapshotContent): boolean {
  return hasAnnotation(content, groupBeingCreated);
}

/** The mark goes on before the first call, and stays on until the handle is written down. */
function cut({ content, groupClass }: ContentSeen): Plan<ContentAction> {
  const isHandleKnown = Boolean(content.status?.volumeGroupSnapshotHandle);
  const needsMark = !isHandleKnown && !isMarked(content);
  return {
    reason: isHandleKnown ? "PollCut" : "Cut",
    steps: [
      ...(needsMark || !hasFinalizer(content, groupContentFinalizer) ? [[mark(content)]] : []),
      ...(needsMark ? [[{ do: "remember" as const, content, learnt: { nothingCut: true } }]] : []),
      [{ do: "cut", content, groupClass }],
    ],
    next: again,
  };
}

function mark(content: GroupSnapshotContent): ObjectAction {
  const change = { addFinalizers: missingFinalizer(content), annotations: { [groupBeingCreated]: yes } };
  return { do: "change", resource: groupContents, object: content, change };
}

const missingFinalizer = (content: GroupSnapshotContent) =>
  hasFinalizer(content, groupContentFinalizer) ? [] : [groupContentFinalizer];

function unmark(content: GroupSnapshotContent): Plan<ContentAction> {
  return { reason: "Ready", steps: [[unmarking(content)]], next: onChange };
}

/** What the cut is worth goes on in the same write. */
function unmarking(content: GroupSnapshotContent, consistency?: string): ObjectAction {
  const worth = consistency === undefined ? {} : { [consistencyAnnotation]: consistency };
  const change = { annotations: { [groupBeingCreated]: null, ...worth } };
  return { do: "change", resource: groupContents, object: content, change };
}

function ask({ content, groupClass }: ContentSeen): Plan<ContentAction> {
  return { reason: "AskForCut", steps: [[{ do: "ask", content, groupClass }]], next: again };
}

/** The status first, then the mark: should the process die in between, the mark only tells of a cut that is known. */
function settle(content: GroupSnapshotContent, answer: Answer): Plan<ContentAction> {
  const status = statusOf(content, answer);
  const isNews = !equalJson(content.status ?? {}, status);
  return {
    reason: status.readyToUse ? "Ready" : "WaitForReady",
    steps: [
      ...(isNews ? [[writing(content, status)]] : []),
      ...(isMarked(content) ? [[unmarking(content, answer.consistency)]] : []),
      [{ do: "remember", content, learnt: { answer: undefined } }],
    ],
    next: status.readyToUse ? onChange : poll,
  };
}

/** What keeps the driver from being called at all. */
function obstacleOf(seen: ContentSeen): string | undefined {
  const { content, groupClass, driver, canCutGroups } = seen;
  const className = content.spec.volumeGroupSnapshotClassName;
  if (!canCutGroups)
    return (
      `driver "${driver}" does not say that it can make group snapshots (GROUP_CONTROLLER_SERVICE and ` +
      "CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT); use a driver that can, or snapshot the volumes one by one"
    );
  if (namesNoVolume(content))
    return "spec.source.volumeHandles names no volume, so there is nothing to snapshot; delete the group snapshot and create it again";
  const asks = canOnlyAsk(seen);
  if (!asks && !groupClass)
    return `spec.volumeGroupSnapshotClassName names "${className ?? ""}", which does not exist; create that class`;
  const terms = asks ? termsOfAsking(content, groupClass) : termsOfCut(content, groupClass);
  return isProblem(terms) ? `VolumeGroupSnapshotClass "${className}" cannot be used: ${terms.problem}` : undefined;
}

function report(seen: ContentSeen, message: string): Plan<ContentAction> {
  const reason = groupReasons.creationFailed;
  return {
    reason,
    steps: contentError(seen, message),
    next: onChange,
    events: [warning(seen.content, { reason, message })],
  };
}

/** The step that shows an error on the content; none where it is shown already. */
export function contentError(
  { content, now }: Pick<ContentSeen, "content" | "now">,
  message: string,
): readonly (readonly ObjectAction[])[] {
  const status: GroupSnapshotContentStatus = {
    ...content.status,
    readyToUse: content.status?.readyToUse ?? false,
    error: errorOf(message, now, content.status?.error),
  };
  return equalJson(content.status ?? {}, status) ? [] : [[writing(content, status)]];
}

function writing(content: GroupSnapshotContent, status: GroupSnapshotContentStatus): ObjectAction {
  return { do: "writeStatus", resource: groupContents, object: content, status };
}
