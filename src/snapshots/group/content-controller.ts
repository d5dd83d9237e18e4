import type { GroupSnapshotContent } from "../../api/group-snapshot/types.ts";
import { retryOf } from "../../csi/status.ts";
import type { Cache } from "../../kube/cache/cache.ts";
import { type Reconciler, watch } from "../../kube/controller/controller.ts";
import { nothing, type Plan } from "../../kube/controller/plan.ts";
import { actOn } from "../pairing/action.ts";
import { needing, type Unserved } from "../pairing/unserved.ts";
import { actOnDriver } from "./cutting/act.ts";
import { type ContentAction, decideCut } from "./cutting/decide.ts";
import type { GroupContentDeps } from "./cutting/deps.ts";
import { showFailure } from "./cutting/failure.ts";
import { memory } from "./cutting/memory.ts";
import { type ContentSeen, factsOf, observeContent } from "./cutting/observe.ts";
import { decideStorageRelease, isReleased } from "./release/storage.ts";

/** Carries a VolumeGroupSnapshotContent of this driver from request to cut, and from deletion to gone. */
export function groupContentController(
  given: GroupContentDeps,
): Reconciler<GroupSnapshotContent, ContentSeen | Unserved<GroupSnapshotContent>, ContentAction> {
  const deps = { ...given, memory: memory() };
  const { groupContents, groupClasses } = deps.caches;
  const life: Reconciler<GroupSnapshotContent, ContentSeen, ContentAction> = {
    name: "csi-snapshotter-groupsnapshotcontent",
    kind: groupContents,
    watches: [watch(groupClasses, ({ metadata }) => unfinishedOf(groupContents, metadata.name))],
    observe: (content, context) => observeContent(content, deps, context),
    decide,
    act: (action, context) => (isOnDriver(action) ? actOnDriver(action, deps, context) : actOn(action, context)),
    onFailure: showFailure,
    factsOf,
    retryOf,
    gone: ({ metadata }) => deps.memory.forget(metadata.uid),
  };
  const needsClass = ({ spec, status }: GroupSnapshotContent) => spec.driver === given.driver && !status?.readyToUse;
  return needing(life, { of: (content) => (needsClass(content) ? [groupClasses] : []) });
}

function decide(seen: ContentSeen): Plan<ContentAction> {
  if (seen.content.spec.driver !== seen.driver) return nothing("OtherDriver");
  return isReleased(seen.content) ? decideStorageRelease(seen) : decideCut(seen);
}

const driverActions: ReadonlySet<string> = new Set(["cut", "ask", "recall", "deleteCut", "remember"]);

function isOnDriver(action: ContentAction): action is Parameters<typeof actOnDriver>[0] {
  return driverActions.has(action.do);
}

/** A class that comes, or comes back, concerns the contents that wait for it. */
function unfinishedOf(contents: Cache<GroupSnapshotContent>, className: string): readonly string[] {
  return contents
    .list()
    .filter(({ spec, status }) => spec.volumeGroupSnapshotClassName === className && status?.readyToUse !== true)
    .map(({ metadata }) => metadata.name);
}
