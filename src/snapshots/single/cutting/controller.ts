import { beingCreated, beingDeleted } from "../../../api/annotations.ts";
import { isProblem } from "../../../api/class-parameters.ts";
import { reasons } from "../../../api/reasons.ts";
import { contents } from "../../../api/snapshot/resources.ts";
import type { SnapshotClass, SnapshotContent } from "../../../api/snapshot/types.ts";
import { mayHaveHappened, retryOf } from "../../../csi/status.ts";
import type { Cache } from "../../../kube/cache/cache.ts";
import { type Failed, type Reconciler, watch } from "../../../kube/controller/controller.ts";
import { nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import { keyOf } from "../../../kube/object.ts";
import { hasAnnotation, isTerminating } from "../../pairing/change.ts";
import { errorOf, warning } from "../../pairing/obstacle.ts";
import { needing, type Unserved } from "../../pairing/unserved.ts";
import { act, type Line, type Worth } from "./act.ts";
import { type CuttingAction, decide } from "./decide.ts";
import { type CuttingSeen, type Knowledge, observe } from "./observe.ts";

/** The sidecar's side of single snapshots: makes what contents of one driver ask for, and deletes it again. */
export function singleCutting(
  deps: Knowledge & Line & { readonly contents: Cache<SnapshotContent> },
): Reconciler<SnapshotContent, CuttingSeen | Unserved<SnapshotContent>, CuttingAction> {
  const worth: Worth = new Map();
  const life: Reconciler<SnapshotContent, CuttingSeen, CuttingAction> = {
    name: "csi-snapshotter-content",
    kind: deps.contents,
    watches: [watch(deps.classes, (changed: SnapshotClass) => unfinishedOf(changed, deps.contents))],
    observe: (content, context) => observe(content, deps, context),
    decide,
    act: (action, context) => act(action, { ...deps, worth }, context),
    onFailure,
    factsOf,
    retryOf,
    gone: ({ metadata }) => void worth.delete(metadata.uid),
  };
  const needsClass = ({ spec, status }: SnapshotContent) =>
    spec.driver === deps.capabilities.driver && !status?.readyToUse;
  return needing(life, { of: (content) => (needsClass(content) ? [deps.classes] : []) });
}

function unfinishedOf({ metadata }: SnapshotClass, cache: Cache<SnapshotContent>): readonly string[] {
  return cache
    .list()
    .filter((content) => content.spec.volumeSnapshotClassName === metadata.name && content.status?.readyToUse !== true)
    .map((content) => keyOf(content.metadata));
}

const reasonOf: Readonly<Record<string, string>> = {
  cut: reasons.creationFailed,
  check: reasons.checkFailed,
  deleteSnapshot: reasons.deletionFailed,
};

/** The reason stands on the content, and the mark goes only when the driver has refused for good: then nothing was made. */
function onFailure({ content, now, work }: CuttingSeen, { failure, action }: Failed): Plan<CuttingAction> {
  if (failure.code === "conflict" || failure.code === "cancelled") return nothing("Superseded");
  const error = errorOf(failure.message, now, content.status?.error);
  const show: CuttingAction = { do: "patchStatus", resource: contents, object: content, status: { error } };
  const annotations = { [beingCreated]: null };
  const unmark: CuttingAction = { do: "change", resource: contents, object: content, change: { annotations } };
  const isRefused = action === "cut" && work.kind === "cut" && !mayHaveHappened(failure);
  const step = [...(error === content.status?.error ? [] : [show]), ...(isRefused ? [unmark] : [])];
  return {
    reason: "ShowFailure",
    steps: step.length > 0 ? [step] : [],
    next: onChange,
    events: [warning(content, { reason: reasonOf[action] ?? reasons.checkFailed, message: failure.message })],
  };
}

/** What users, admins and the snapshot-controller decide; not what we write ourselves. */
function factsOf({ content, snapshotClass, parameters, secret }: CuttingSeen): unknown {
  return {
    spec: content.spec,
    terminating: isTerminating(content),
    beingDeleted: hasAnnotation(content, beingDeleted),
    snapshotClass: snapshotClass?.metadata.uid,
    parameters,
    secret: isProblem(secret) ? secret : secret.version,
  };
}
