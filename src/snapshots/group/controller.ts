import { groupFinalizer } from "../../api/finalizers.ts";
import { groupContents } from "../../api/group-snapshot/resources.ts";
import { parseGroupSource } from "../../api/group-snapshot/source.ts";
import type { GroupSnapshot, GroupSnapshotContent } from "../../api/group-snapshot/types.ts";
import { groupContentNameOf } from "../../api/names.ts";
import { groupReasons } from "../../api/reasons.ts";
import type { Failed, ObserveContext, Reconciler } from "../../kube/controller/controller.ts";
import { nothing, type Plan } from "../../kube/controller/plan.ts";
import { isFailure } from "../../lib/failure.ts";
import { actOn, type ObjectAction } from "../pairing/action.ts";
import { bindingOf } from "../pairing/binding.ts";
import type { SnapshotCaches } from "../pairing/caches.ts";
import { hasFinalizer, isTerminating } from "../pairing/change.ts";
import type { Obstacle } from "../pairing/obstacle.ts";
import type { SnapshotOptions } from "../pairing/options.ts";
import { needing, type Unserved } from "../pairing/unserved.ts";
import { decideAdoption } from "./binding/adopt.ts";
import { decideBinding } from "./binding/decide.ts";
import { observeBinding } from "./binding/observe.ts";
import { factsOf } from "./facts.ts";
import { decideMembers } from "./members/decide.ts";
import { observeMembers } from "./members/observe.ts";
import { decideRelease } from "./release/decide.ts";
import { observeRelease } from "./release/observe.ts";
import type { GroupSeen, LostSeen } from "./seen.ts";
import { reportObstacle } from "./status.ts";
import { watchesOf } from "./watches.ts";

/** What the snapshot-controller needs to carry groups through their life. */
export interface GroupDeps {
  readonly caches: SnapshotCaches;
  readonly options?: SnapshotOptions;
}

/** Carries a VolumeGroupSnapshot through its life: one reconciler and one queue, so that its stages never run side by side. */
export function groupController(deps: GroupDeps): Reconciler<GroupSnapshot, Seen, ObjectAction> {
  const { caches } = deps;
  const life: Reconciler<GroupSnapshot, GroupSeen, ObjectAction> = {
    name: "snapshot-controller-group-snapshot",
    kind: caches.groups,
    watches: watchesOf(caches),
    observe: (group, context) => observe(group, deps, context),
    decide,
    act: actOn,
    onFailure: showFailure,
    factsOf,
  };
  return needing(life, { of: (group) => neededBy(group, caches), show: showUnserved });
}

type Seen = GroupSeen | Unserved<GroupSnapshot>;

/** A class is needed to cut only. */
function neededBy(group: GroupSnapshot, { groupContents, groupClasses, snapshots, contents }: SnapshotCaches) {
  const always = [groupContents, snapshots, contents];
  return isReady(group) || isTerminating(group) ? always : [...always, groupClasses];
}

function isReady({ status }: GroupSnapshot): boolean {
  return status?.readyToUse === true;
}

/** A group that is ready stays so, and what its members are made of is there still. */
function showUnserved(group: GroupSnapshot, obstacle: Obstacle, now: Date): Plan<ObjectAction> {
  return isReady(group) && !isTerminating(group) ? nothing(obstacle.reason) : reportObstacle(group, obstacle, now);
}

async function observe(group: GroupSnapshot, deps: GroupDeps, context: ObserveContext): Promise<GroupSeen> {
  const { caches } = deps;
  const { now } = context;
  const source = parseGroupSource(group);
  const bound = group.status?.boundVolumeGroupSnapshotContentName;
  const contentName = source.kind === "adopt" ? source.contentName : (bound ?? groupContentNameOf(group));
  const mustExist = (source.kind === "adopt" || bound !== undefined) && !isTerminating(group);
  const content =
    caches.groupContents.get(contentName) ?? (mustExist ? await findLive(contentName, context) : undefined);
  const isBound = content && bindingOf(group, content, content.spec.volumeGroupSnapshotRef).is === "bound";
  if (isTerminating(group)) return observeRelease(group, isBound ? content : undefined, caches, now);
  const isProtected = hasFinalizer(group, groupFinalizer);
  const isLost = !content && bound === contentName && isProtected;
  if (source.kind === "adopt" && !isLost && !(isBound && isProtected)) {
    const groupClass = caches.groupClasses.get(group.spec.volumeGroupSnapshotClassName ?? "");
    return { stage: "adoption", group, contentName, content, groupClass, now };
  }
  if (content) return observeMembers(group, content, deps, context);
  if (mustExist || source.kind === "adopt") return { stage: "lost", group, contentName, now };
  return observeBinding(group, source, caches, context);
}

/** A content that the cache does not hold may be newer than the cache: it is missed only after a look at the API. */
function findLive(name: string, { client, signal }: ObserveContext): Promise<GroupSnapshotContent | undefined> {
  return client.find(groupContents, { name }, { signal });
}

function decide(seen: GroupSeen): Plan<ObjectAction> {
  switch (seen.stage) {
    case "binding":
      return decideBinding(seen);
    case "adoption":
      return decideAdoption(seen);
    case "lost":
      return decideLost(seen);
    case "members":
      return decideMembers(seen);
    case "release":
      return decideRelease(seen);
  }
}

/** The members hold the data still; a group that was ready stays so. */
function decideLost({ group, contentName, now }: LostSeen): Plan<ObjectAction> {
  const message =
    `VolumeGroupSnapshotContent "${contentName}", to which the group is bound, was deleted by force; ` +
    "its members may be used while they are there: restore them, then delete the group";
  return reportObstacle(group, { reason: groupReasons.contentMissing, message }, now);
}

/** What the API server refuses for good is told on the group; what passes by itself is not. */
function showFailure({ group, now }: GroupSeen, { failure }: Failed): Plan<ObjectAction> {
  if (!isFailure(failure, "invalid", "forbidden", "exists", "tooLarge")) return nothing("TryAgain");
  return reportObstacle(group, { reason: groupReasons.bindFailed, message: failure.message }, now);
}
