import { snapshotFinalizer, snapshotSourceFinalizer } from "../../../api/finalizers.ts";
import { reasons } from "../../../api/reasons.ts";
import { contents, snapshots } from "../../../api/snapshot/resources.ts";
import { parseContentSource } from "../../../api/snapshot/source.ts";
import type { SnapshotContent, SnapshotStatus } from "../../../api/snapshot/types.ts";
import { type EventValue, nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import type { Change } from "../../../kube/writes.ts";
import { assert } from "../../../lib/assert.ts";
import { equalJson } from "../../../lib/json.ts";
import type { ObjectAction } from "../../pairing/action.ts";
import { bindingOf, referenceTo } from "../../pairing/binding.ts";
import { hasFinalizer } from "../../pairing/change.ts";
import { isObstacle } from "../../pairing/class.ts";
import { errorOf, notice, type Obstacle, warning } from "../../pairing/obstacle.ts";
import { isProtected } from "../../pairing/protection.ts";
import { contentFor } from "./content.ts";
import { classOf, firstObstacle, placeOfSnapshot } from "./obstacles.ts";
import type { SingleSeen } from "./seen.ts";
import { statusOf } from "./status.ts";

/** Brings a snapshot that lives to its content, and to what its content says. */
export function decideBinding(seen: SingleSeen): Plan<ObjectAction> {
  if (seen.isMember) return nothing("LeftToItsGroup");
  if (seen.content) return follow(seen, seen.content);
  return seen.source.kind === "claim"
    ? makeContent(seen)
    : reportObstacle(seen, contentIsMissing(seen.source.contentName));
}

function makeContent(seen: SingleSeen): Plan<ObjectAction> {
  const { snapshot, volume, claim } = seen;
  const obstacle = firstObstacle(seen);
  if (obstacle) return reportObstacle(seen, obstacle);
  const chosen = classOf(seen);
  assert(!isObstacle(chosen) && volume && claim, "a snapshot without obstacles has a class, a claim and a volume");
  const prepare = prepared(seen, chosen.metadata.name);
  if (!isProtected(claim)) return { reason: "WaitForClaimProtection", steps: prepare, next: onChange };
  const draft = contentFor(snapshot, {
    snapshotClass: chosen,
    volume,
    place: placeOfSnapshot(seen),
    tellsMode: seen.allowsModeChange !== true,
  });
  return {
    reason: "MakeContent",
    steps: [...prepare, [{ do: "create", resource: contents, draft, ownerUid: snapshot.metadata.uid }]],
    next: onChange,
    events: [
      notice(snapshot, reasons.creating, `waiting for ${chosen.driver} to snapshot claim "${claim.metadata.name}"`),
    ],
  };
}

/** Finalizers before effects, and the name of the default class, in one patch. */
function prepared({ snapshot }: SingleSeen, className?: string): Plan<ObjectAction>["steps"] {
  const addFinalizers = [snapshotFinalizer, snapshotSourceFinalizer].filter(
    (finalizer) => !hasFinalizer(snapshot, finalizer),
  );
  const needsClass = className !== undefined && snapshot.spec.volumeSnapshotClassName === undefined;
  if (addFinalizers.length === 0 && !needsClass) return [];
  const change: Change = { addFinalizers, ...(needsClass && { spec: { volumeSnapshotClassName: className } }) };
  return [[{ do: "change", resource: snapshots, object: snapshot, change }]];
}

function follow(seen: SingleSeen, content: SnapshotContent): Plan<ObjectAction> {
  const { snapshot, source } = seen;
  const binding = bindingOf(snapshot, content, content.spec.volumeSnapshotRef);
  if (binding.is === "foreign") {
    const reason = source.kind === "claim" ? reasons.contentMisbound : reasons.misbound;
    return reportObstacle(seen, { reason, message: `${binding.why}: delete one of the two` });
  }
  if (source.kind === "adopt" && parseContentSource(content).kind === "cut")
    return reportObstacle(seen, contentIsNoSnapshot(content));
  const prepare = prepared(seen);
  if (prepare.length > 0) return { reason: "ProtectSnapshot", steps: prepare, next: onChange };
  return binding.is === "free" ? bind(seen, content) : showStatus(seen, statusOf(snapshot, content));
}

function bind({ snapshot }: SingleSeen, content: SnapshotContent): Plan<ObjectAction> {
  const className = content.spec.volumeSnapshotClassName ?? snapshot.spec.volumeSnapshotClassName;
  const spec = {
    volumeSnapshotRef: referenceTo(snapshot),
    ...(className !== undefined && { volumeSnapshotClassName: className }),
  };
  return {
    reason: "BindContent",
    steps: [[{ do: "change", resource: contents, object: content, change: { spec } }]],
    next: onChange,
  };
}

function showStatus({ snapshot }: SingleSeen, status: SnapshotStatus): Plan<ObjectAction> {
  if (equalJson(snapshot.status ?? {}, status)) return nothing(status.readyToUse ? "Ready" : "WaitForContent");
  return {
    reason: status.readyToUse ? "SnapshotReady" : "ShowStatus",
    steps: [[{ do: "writeStatus", resource: snapshots, object: snapshot, status }]],
    next: onChange,
    events: [...changesOfMind(snapshot, status), ...troubleOf(snapshot, status)],
  };
}

function changesOfMind(snapshot: SingleSeen["snapshot"], status: SnapshotStatus): readonly EventValue[] {
  const { name } = snapshot.metadata;
  const isCut = status.creationTime !== undefined && snapshot.status?.creationTime === undefined;
  const isReady = status.readyToUse === true && snapshot.status?.readyToUse !== true;
  return [
    ...(isCut ? [notice(snapshot, reasons.created, `snapshot ${name} was cut by the driver`)] : []),
    ...(isReady ? [notice(snapshot, reasons.ready, `snapshot ${name} is ready: volumes can be made from it`)] : []),
  ];
}

/** What the sidecar could not do is told on the snapshot too, where its owner looks. */
function troubleOf(snapshot: SingleSeen["snapshot"], { error }: SnapshotStatus): readonly EventValue[] {
  const message = error?.message;
  if (message === undefined || message === snapshot.status?.error?.message) return [];
  return [warning(snapshot, { reason: reasons.contentCreationFailed, message })];
}

function contentIsMissing(name: string): Obstacle {
  const message = `there is no VolumeSnapshotContent "${name}": create it, with a volumeSnapshotRef to this snapshot`;
  return { reason: reasons.contentMissing, message };
}

function contentIsNoSnapshot({ metadata }: SnapshotContent): Obstacle {
  const message = `VolumeSnapshotContent "${metadata.name}" asks for a new cut (source.volumeHandle): name one with a source.snapshotHandle`;
  return { reason: reasons.contentMismatch, message };
}

/** Shown on the snapshot and as an event; the facts that it is about wake the snapshot when they change. */
export function reportObstacle(
  { snapshot, now }: Pick<SingleSeen, "snapshot" | "now">,
  obstacle: Obstacle,
): Plan<ObjectAction> {
  const before = snapshot.status ?? {};
  const error = errorOf(obstacle.message, now, before.error);
  const status = { ...before, readyToUse: false, error };
  return {
    reason: obstacle.reason,
    steps: equalJson(before, status) ? [] : [[{ do: "writeStatus", resource: snapshots, object: snapshot, status }]],
    next: onChange,
    events: [warning(snapshot, obstacle)],
  };
}
