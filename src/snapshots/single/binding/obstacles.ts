import { isDefaultClass } from "../../../api/annotations.ts";
import { isProblem } from "../../../api/class-parameters.ts";
import { reasons } from "../../../api/reasons.ts";
import type { SnapshotClass } from "../../../api/snapshot/types.ts";
import { chooseClass, isObstacle } from "../../pairing/class.ts";
import type { Obstacle } from "../../pairing/obstacle.ts";
import { type Place, placeOf } from "../../pairing/place.ts";
import { deletionSecretOf } from "./content.ts";
import type { SingleSeen } from "./seen.ts";

type Check = (seen: SingleSeen) => Obstacle | undefined;

/** What must hold before a claim can be snapshotted. The order is part of the contract: the first that fails is shown. */
const checks: readonly Check[] = [
  contentIsNotLost,
  claimExists,
  claimIsNotGoing,
  claimIsBound,
  volumeIsCsi,
  classFits,
  classIsSound,
  aNodeReachesIt,
];

export function firstObstacle(seen: SingleSeen): Obstacle | undefined {
  for (const check of checks) {
    const obstacle = check(seen);
    if (obstacle) return obstacle;
  }
  return undefined;
}

/** The class for a claim whose volume is known. */
export function classOf({ snapshot, classes, volume }: SingleSeen): SnapshotClass | Obstacle {
  return chooseClass({
    named: snapshot.spec.volumeSnapshotClassName,
    classes,
    driver: volume?.spec.csi?.driver ?? "",
    defaultAnnotation: isDefaultClass,
    noun: "snapshot class",
    field: "spec.volumeSnapshotClassName",
    reasons,
  });
}

/** Cut anew under the old name, the snapshot would hold another instant. */
function contentIsNotLost({ snapshot }: SingleSeen): Obstacle | undefined {
  const name = snapshot.status?.boundVolumeSnapshotContentName;
  if (name === undefined) return undefined;
  const message = `VolumeSnapshotContent ${name}, which this snapshot was bound to, is gone: restore it from a backup, or delete this snapshot`;
  return { reason: reasons.contentMissing, message };
}

function claimExists({ claim, source }: SingleSeen): Obstacle | undefined {
  if (claim || source.kind !== "claim") return undefined;
  const message = `there is no PersistentVolumeClaim "${source.claimName}" in this namespace: create it, or delete this snapshot`;
  return { reason: reasons.claimMissing, message };
}

function claimIsNotGoing({ claim }: SingleSeen): Obstacle | undefined {
  if (claim?.metadata.deletionTimestamp === undefined) return undefined;
  const message = `PersistentVolumeClaim "${claim.metadata.name}" is being deleted: snapshot another claim`;
  return { reason: reasons.contentCreationFailed, message };
}

function claimIsBound({ claim }: SingleSeen): Obstacle | undefined {
  if (!claim || (claim.status?.phase === "Bound" && claim.spec.volumeName)) return undefined;
  const phase = claim.status?.phase ?? "Pending";
  const message = `PersistentVolumeClaim "${claim.metadata.name}" is ${phase}: it must be bound to a volume first`;
  return { reason: reasons.contentCreationFailed, message };
}

function volumeIsCsi({ claim, volume }: SingleSeen): Obstacle | undefined {
  if (volume?.spec.csi) return undefined;
  const message = volume
    ? `PersistentVolume "${volume.metadata.name}" is of no CSI driver: only CSI volumes can be snapshotted`
    : `there is no PersistentVolume "${claim?.spec.volumeName}" for PersistentVolumeClaim "${claim?.metadata.name}": its data may be lost`;
  return { reason: reasons.contentCreationFailed, message };
}

function classFits(seen: SingleSeen): Obstacle | undefined {
  const chosen = classOf(seen);
  return isObstacle(chosen) ? chosen : undefined;
}

function classIsSound(seen: SingleSeen): Obstacle | undefined {
  const chosen = classOf(seen);
  if (isObstacle(chosen)) return chosen;
  const secret = deletionSecretOf(seen.snapshot, chosen);
  if (!secret || !isProblem(secret)) return undefined;
  const message = `VolumeSnapshotClass "${chosen.metadata.name}" cannot be used: ${secret.problem}`;
  return { reason: reasons.contentRefused, message };
}

/** Where sidecars run on every node, a volume that none of them reaches would be waited for without end. */
function aNodeReachesIt(seen: SingleSeen): Obstacle | undefined {
  const place = placeOfSnapshot(seen);
  if (place.is !== "nowhere") return undefined;
  const message = `PersistentVolumeClaim "${seen.claim?.metadata.name}" cannot be snapshotted: ${place.why}; bring the node back, or snapshot another claim`;
  return { reason: reasons.contentCreationFailed, message };
}

/** Where the snapshot's content is to be worked on. */
export function placeOfSnapshot({ volume, nodes }: SingleSeen): Place {
  return volume && nodes ? placeOf([volume], nodes) : { is: "anywhere" };
}
