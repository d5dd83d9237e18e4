import { reasons } from "../../api/reasons.ts";
import { snapshots } from "../../api/snapshot/resources.ts";
import type { Snapshot } from "../../api/snapshot/types.ts";
import { type Failed, type Reconciler, watch } from "../../kube/controller/controller.ts";
import { nothing, onChange, type Plan } from "../../kube/controller/plan.ts";
import { keyOf } from "../../kube/object.ts";
import { actOn, type ObjectAction } from "../pairing/action.ts";
import { byClaim, byGroup, type SnapshotCaches, sourceSnapshotsOf } from "../pairing/caches.ts";
import { isTerminating } from "../pairing/change.ts";
import { isMember } from "../pairing/member.ts";
import { errorOf, type Obstacle, warning } from "../pairing/obstacle.ts";
import { isProtected } from "../pairing/protection.ts";
import { needing, type Unserved } from "../pairing/unserved.ts";
import { decideBinding, reportObstacle } from "./binding/decide.ts";
import { observe, type SingleDeps } from "./binding/observe.ts";
import { placeOfSnapshot } from "./binding/obstacles.ts";
import type { SingleSeen } from "./binding/seen.ts";
import { decideRelease } from "./release/decide.ts";

/** The life of a VolumeSnapshot in the snapshot-controller: binding while it lives, release when it goes. */
export function singleController(
  deps: SingleDeps,
): Reconciler<Snapshot, SingleSeen | Unserved<Snapshot>, ObjectAction> {
  const { caches } = deps;
  const keysOf = (found: readonly Snapshot[]) => found.map((snapshot) => keyOf(snapshot.metadata));
  const life: Reconciler<Snapshot, SingleSeen, ObjectAction> = {
    name: "snapshot-controller-snapshot",
    kind: caches.snapshots,
    watches: [
      watch(caches.contents, ({ spec }) => {
        const { namespace, name = "" } = spec.volumeSnapshotRef;
        return [keyOf({ namespace, name })];
      }),
      watch(caches.claims, (claim) => [
        ...keysOf(caches.snapshots.by(byClaim, keyOf(claim.metadata))),
        ...sourceSnapshotsOf(claim),
      ]),
      watch(caches.classes, () => keysOf(caches.snapshots.list().filter(isUnbound))),
      watch(caches.volumes, ({ spec: { claimRef } }) =>
        claimRef ? keysOf(caches.snapshots.by(byClaim, keyOf(claimRef)).filter(isUnbound)) : [],
      ),
      ...(caches.nodes ? [watch(caches.nodes, () => keysOf(caches.snapshots.list().filter(isUnbound)))] : []),
      watch(caches.groups, (group) => keysOf(caches.snapshots.by(byGroup, group.metadata.uid).filter(isTerminating))),
    ],
    observe: (snapshot, context) => observe(snapshot, deps, context),
    decide: (seen) => (isTerminating(seen.snapshot) ? decideRelease(seen) : decideBinding(seen)),
    act: actOn,
    onFailure,
    factsOf,
  };
  return needing(life, { of: (snapshot) => neededBy(snapshot, caches), show: showUnserved });
}

/** A class is needed to make a content only. */
function neededBy(snapshot: Snapshot, { contents, classes }: SnapshotCaches) {
  return isUnbound(snapshot) && !isTerminating(snapshot) ? [contents, classes] : [contents];
}

/** One that is ready stays so, and what its content stands for is there still. */
function showUnserved(snapshot: Snapshot, obstacle: Obstacle, now: Date): Plan<ObjectAction> {
  const isReady = snapshot.status?.readyToUse === true && !isTerminating(snapshot);
  return isReady || isMember(snapshot) ? nothing(obstacle.reason) : reportObstacle({ snapshot, now }, obstacle);
}

function isUnbound(snapshot: Snapshot): boolean {
  return snapshot.status?.boundVolumeSnapshotContentName === undefined;
}

const reasonOf: Readonly<Record<string, string>> = {
  create: reasons.contentCreationFailed,
  change: reasons.finalizer,
  writeStatus: reasons.statusUpdate,
  delete: reasons.contentDeletion,
};

/** A write that came too late says nothing to a user. */
function onFailure({ snapshot, now }: SingleSeen, { failure, action }: Failed): Plan<ObjectAction> {
  if (failure.code === "conflict" || failure.code === "cancelled") return nothing("Superseded");
  const error = errorOf(failure.message, now, snapshot.status?.error);
  const show: ObjectAction = { do: "patchStatus", resource: snapshots, object: snapshot, status: { error } };
  return {
    reason: "ShowFailure",
    steps: error === snapshot.status?.error ? [] : [[show]],
    next: onChange,
    events: [warning(snapshot, { reason: reasonOf[action] ?? reasons.bindFailed, message: failure.message })],
  };
}

/** What users and others decide; not what we write ourselves. */
function factsOf(seen: SingleSeen): unknown {
  const { snapshot, claim, volume, content, group, classes, restores } = seen;
  return {
    source: snapshot.spec.source,
    terminating: isTerminating(snapshot),
    claim: claim && [claim.metadata.uid, claim.status?.phase, isTerminating(claim), isProtected(claim)],
    volume: volume?.metadata.uid,
    place: placeOfSnapshot(seen),
    content: content && [content.metadata.uid, content.status, isTerminating(content)],
    group: group && [group.metadata.uid, isTerminating(group)],
    classes: classes.map(({ metadata, driver, parameters }) => [
      metadata.uid,
      metadata.annotations,
      driver,
      parameters,
    ]),
    restores: restores.map((restore) => restore.metadata.uid),
  };
}
