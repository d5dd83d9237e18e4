import { beingCreated, yes } from "../../../api/annotations.ts";
import { isProblem } from "../../../api/class-parameters.ts";
import { contentFinalizer } from "../../../api/finalizers.ts";
import type { SnapshotHandle, VolumeHandle } from "../../../api/handles.ts";
import { reasons } from "../../../api/reasons.ts";
import { contents } from "../../../api/snapshot/resources.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import { type Next, nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import type { ObjectAction } from "../../pairing/action.ts";
import { hasAnnotation } from "../../pairing/change.ts";
import { errorOf, type Obstacle, warning } from "../../pairing/obstacle.ts";
import type { Asking, CuttingSeen } from "./observe.ts";
import { isReleased } from "./work.ts";

export type CuttingAction = ObjectAction | DriverAction;

/** What is asked of the driver. Its answer is written to the content's status before the action is done. */
export type DriverAction =
  | { readonly do: "cut"; readonly content: SnapshotContent; readonly volume: VolumeHandle; readonly request: Request }
  | {
      readonly do: "check";
      readonly content: SnapshotContent;
      readonly handle: SnapshotHandle;
      readonly by: Exclude<Asking, "create">;
      readonly request: Request;
    }
  /** Takes the mark off, and puts on what the driver has said, in this process, that the snapshot is worth. */
  | { readonly do: "unmark"; readonly content: SnapshotContent }
  | { readonly do: "deleteSnapshot"; readonly handle: SnapshotHandle; readonly request: Request };

/** What a call carries beside handles. */
export interface Request {
  readonly parameters: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** A driver that is not ready yet is asked at least this often. */
const poll: Next = { when: "poll", capMs: 60_000 };
/** For so long a member's status is left to its group, which usually writes it at once. */
const memberGraceMs = 60_000;

export function decide(seen: CuttingSeen): Plan<CuttingAction> {
  const { content, work } = seen;
  switch (work.kind) {
    case "none":
      return nothing(work.why);
    case "unmark":
      return { reason: "TakeMarkOff", steps: [[{ do: "unmark", content }]], next: onChange };
    case "letGo":
      return letGo(seen, []);
    case "cut":
      return firstObstacle(seen) ?? cut(seen, work.volume);
    case "check":
      return firstObstacle(seen) ?? check(seen, work);
    case "delete":
      return isProblem(seen.secret)
        ? report(seen, { reason: reasons.deletionFailed, message: seen.secret.problem })
        : letGo(seen, [[{ do: "deleteSnapshot", handle: work.handle, request: requestOf(seen) }]]);
  }
}

function letGo({ content }: CuttingSeen, before: Plan<CuttingAction>["steps"]): Plan<CuttingAction> {
  const change = {
    removeFinalizers: [contentFinalizer],
    ...(hasAnnotation(content, beingCreated) && { annotations: { [beingCreated]: null } }),
  };
  return {
    reason: before.length > 0 ? "DeleteSnapshot" : "LetContentGo",
    steps: [...before, [{ do: "change", resource: contents, object: content, change }]],
    next: onChange,
  };
}

/** The mark goes on before the driver is called and comes off after its answer is written down. */
function cut(seen: CuttingSeen, volume: VolumeHandle): Plan<CuttingAction> {
  const { content } = seen;
  const create: CuttingAction = { do: "cut", content, volume, request: requestOf(seen) };
  const marked = hasAnnotation(content, beingCreated);
  return {
    reason: isReleased(content) ? "LearnHandle" : "CutSnapshot",
    steps: [
      ...(marked ? [] : [[markOn(content)]]),
      [create],
      ...(isReleased(content) ? [] : [[{ do: "unmark" as const, content }]]),
    ],
    next: isReleased(content) ? onChange : poll,
  };
}

function check(seen: CuttingSeen, work: CuttingSeen["work"] & { kind: "check" }): Plan<CuttingAction> {
  const { content, asking, isMember } = seen;
  const graceMs = memberGraceMs - (seen.now.getTime() - Date.parse(content.metadata.creationTimestamp));
  if (isMember && graceMs > 0) return { ...nothing("LeftToItsGroup"), next: { when: "later", delayMs: graceMs } };
  if (isMember && asking === "none") return nothing("LeftToItsGroup");
  const request = requestOf(seen);
  const action: CuttingAction =
    asking === "create" && work.volume !== undefined
      ? { do: "cut", content, volume: work.volume, request }
      : { do: "check", content, handle: work.handle, by: asking === "create" ? "none" : asking, request };
  return { reason: "CheckSnapshot", steps: [[action]], next: poll };
}

function markOn(content: SnapshotContent): ObjectAction {
  return { do: "change", resource: contents, object: content, change: { annotations: { [beingCreated]: yes } } };
}

function requestOf({ parameters, secret }: CuttingSeen): Request {
  return {
    parameters: isProblem(parameters) ? {} : parameters.forDriver,
    secrets: isProblem(secret) ? {} : secret.values,
  };
}

/** What keeps a call from being made. A content that is to go makes do without a class: it only learns its handle. */
function firstObstacle(seen: CuttingSeen): Plan<CuttingAction> | undefined {
  const { content, parameters, secret, snapshotClass, work } = seen;
  const reason = work.kind === "cut" ? reasons.creationFailed : reasons.checkFailed;
  if (isProblem(secret)) return report(seen, { reason, message: secret.problem });
  if (isReleased(content) || work.kind !== "cut") return undefined;
  const name = content.spec.volumeSnapshotClassName;
  if (!seen.canCreate) {
    const message = `the driver ${content.spec.driver} cannot make snapshots: it does not offer CREATE_DELETE_SNAPSHOT; use a driver that does`;
    return report(seen, { reason, message });
  }
  if (name !== undefined && !snapshotClass)
    return report(seen, { reason, message: `there is no VolumeSnapshotClass "${name}": create it again` });
  if (isProblem(parameters)) return report(seen, { reason, message: parameters.problem });
  return undefined;
}

function report({ content, now }: CuttingSeen, obstacle: Obstacle): Plan<CuttingAction> {
  const error = errorOf(obstacle.message, now, content.status?.error);
  const show: CuttingAction = { do: "patchStatus", resource: contents, object: content, status: { error } };
  return {
    reason: obstacle.reason,
    steps: error === content.status?.error ? [] : [[show]],
    next: poll, // secrets are not watched
    events: [warning(content, obstacle)],
  };
}
