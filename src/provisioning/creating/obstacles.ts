import { allowVolumeModeChange } from "../../api/annotations.ts";
import { canServe } from "../../api/snapshot/restore.ts";
import type { SnapshotContent } from "../../api/snapshot/types.ts";
import { formatQuantity, parseQuantity } from "../../kube/quantity.ts";
import { failureOf } from "../../lib/failure.ts";
import { reasons } from "../events.ts";
import type { CreatingSeen } from "./observe.ts";
import { orderOf } from "./order.ts";

/** Why a claim gets no volume until somebody, or something, changes the facts. */
export interface Obstacle {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

type Check = (seen: CreatingSeen) => Obstacle | undefined;

/** What must hold before the driver is asked, in the order in which it is told to the user. */
const checks: readonly Check[] = [
  classExists,
  driverCanCreate,
  sourceIsKnown,
  noSelector,
  accessModesAreGiven,
  sizeIsGiven,
  snapshotsCanBeSeen,
  snapshotIsReady,
  snapshotIsOfTheDriver,
  snapshotKeepsItsMode,
  claimHoldsItsSnapshot,
  sourceClaimIsBound,
  sourceClaimIsOfTheDriver,
  claimHoldsItsSource,
  sourceIsHere,
  classIsValid,
  aNodeCanHaveIt,
];

export function firstObstacle(seen: CreatingSeen): Obstacle | undefined {
  for (const check of checks) {
    const obstacle = check(seen);
    if (obstacle) return obstacle;
  }
  return undefined;
}

const refuse = (message: string): Obstacle => ({ type: "Warning", reason: reasons.provisioningFailed, message });
/** What passes by itself is no warning. */
const waitUntil = (message: string): Obstacle => ({ type: "Normal", reason: reasons.waiting, message });

function classExists({ claim, storageClass }: CreatingSeen) {
  if (storageClass) return undefined;
  return refuse(
    `spec.storageClassName names "${claim.spec.storageClassName}", and there is no such StorageClass: create it`,
  );
}

function driverCanCreate({ capabilities }: CreatingSeen) {
  if (capabilities.controller.has("CREATE_DELETE_VOLUME")) return undefined;
  return refuse(
    `driver ${capabilities.driver} cannot create volumes (no CREATE_DELETE_VOLUME): use another StorageClass`,
  );
}

function sourceIsKnown({ source, claim }: CreatingSeen): Obstacle | undefined {
  if (source.kind === "elsewhere")
    return refuse(
      `spec.dataSourceRef.namespace is "${source.namespace}": a volume is made from objects of its own namespace ` +
        `"${claim.metadata.namespace}" only`,
    );
  if (source.kind !== "foreign") return undefined;
  const { apiGroup, kind, name } = source.source;
  return {
    type: "Normal",
    reason: reasons.populator,
    message: `spec.dataSourceRef names ${kind}.${apiGroup ?? ""} "${name}": a volume populator for it has to fill the volume`,
  };
}

function noSelector({ claim }: CreatingSeen) {
  if (!claim.spec.selector) return undefined;
  return refuse("spec.selector chooses among volumes that exist, so none is made for this claim: remove it");
}

function accessModesAreGiven({ claim, capabilities }: CreatingSeen) {
  const modes = claim.spec.accessModes ?? [];
  if (modes.length === 0) return refuse("spec.accessModes is empty: name at least one, such as ReadWriteOnce");
  if (modes.includes("ReadWriteOncePod") && !capabilities.controller.has("SINGLE_NODE_MULTI_WRITER"))
    return refuse(
      `spec.accessModes has ReadWriteOncePod, which driver ${capabilities.driver} cannot do: use ReadWriteOnce`,
    );
  return undefined;
}

function sizeIsGiven({ claim }: CreatingSeen) {
  const { requests, limits } = claim.spec.resources ?? {};
  if (requests?.storage === undefined)
    return refuse("spec.resources.requests.storage is missing: say how large, as in 1Gi");
  try {
    const [requestedBytes, limitBytes] = [parseQuantity(requests.storage), parseQuantity(limits?.storage ?? "0")];
    if (requestedBytes === 0n) return refuse("spec.resources.requests.storage is 0: ask for at least one byte");
    if (limitBytes === 0n || requestedBytes <= limitBytes) return undefined;
    return refuse(`spec.resources.requests.storage ${requests.storage} is over the limit ${limits?.storage}: lower it`);
  } catch (error) {
    return refuse(`spec.resources: ${failureOf(error).message}`);
  }
}

function snapshotsCanBeSeen({ source, snapshotTrouble }: CreatingSeen) {
  if (source.kind !== "snapshot" || snapshotTrouble === undefined) return undefined;
  return refuse(`VolumeSnapshot "${source.name}" cannot be looked at: ${snapshotTrouble}`);
}

function snapshotIsReady({ source, claim }: CreatingSeen) {
  if (source.kind !== "snapshot") return undefined;
  const { name, snapshot, content } = source;
  if (!snapshot) return refuse(`spec.dataSource names VolumeSnapshot "${name}", which does not exist: create it first`);
  if (!canServe(snapshot, claim.metadata)) return refuse(`VolumeSnapshot "${name}" is being deleted: use another one`);
  if (snapshot.status?.readyToUse !== true || !content)
    return waitUntil(`VolumeSnapshot "${name}" is not ready to use yet; the volume is made as soon as it is`);
  if (content.spec.volumeSnapshotRef.uid !== snapshot.metadata.uid)
    return refuse(`VolumeSnapshotContent "${content.metadata.name}" is bound to another snapshot than "${name}"`);
  if (content.status?.snapshotHandle ?? content.spec.source.snapshotHandle) return undefined;
  return waitUntil(`VolumeSnapshotContent "${content.metadata.name}" has no snapshot handle yet`);
}

function snapshotIsOfTheDriver({ source, capabilities }: CreatingSeen) {
  if (source.kind !== "snapshot" || !source.content) return undefined;
  const { driver } = source.content.spec;
  if (driver !== capabilities.driver)
    return refuse(
      `VolumeSnapshot "${source.name}" is of driver ${driver}, the class of ${capabilities.driver}: use a class of ${driver}`,
    );
  if (capabilities.controller.has("CREATE_DELETE_SNAPSHOT")) return undefined;
  return refuse(`driver ${driver} cannot restore snapshots (no CREATE_DELETE_SNAPSHOT)`);
}

function snapshotKeepsItsMode({ source, claim }: CreatingSeen) {
  if (source.kind !== "snapshot" || !source.content) return undefined;
  const wanted = claim.spec.volumeMode ?? "Filesystem";
  const had = source.content.spec.sourceVolumeMode;
  if (had === undefined || had === wanted) return undefined;
  if (source.content.metadata.annotations?.[allowVolumeModeChange] === "true") return undefined;
  return refuse(
    `spec.volumeMode is ${wanted}, VolumeSnapshot "${source.name}" was taken of a ${had} volume: use ${had}, or set ` +
      `annotation ${allowVolumeModeChange}: "true" on VolumeSnapshotContent ${source.content.metadata.name}`,
  );
}

function claimHoldsItsSnapshot(seen: CreatingSeen) {
  if (seen.source.kind !== "snapshot") return undefined;
  const { snapshot, content, name } = seen.source;
  return tooSmallFor(seen, {
    what: `VolumeSnapshot "${name}"`,
    sizeBytes: restoreBytes(snapshot?.status?.restoreSize, content),
  });
}

function restoreBytes(told: string | undefined, content: SnapshotContent | undefined): bigint {
  return told === undefined ? BigInt(content?.status?.restoreSize ?? 0) : parseQuantity(told);
}

function sourceClaimIsBound({ source }: CreatingSeen) {
  if (source.kind !== "claim") return undefined;
  const { name, claim, volume } = source;
  if (!claim) return refuse(`spec.dataSource names claim "${name}", which does not exist: create it first`);
  if (claim.metadata.deletionTimestamp) return refuse(`claim "${name}" is being deleted: use another source`);
  if (claim.status?.phase !== "Bound" || !volume)
    return waitUntil(`claim "${name}" is not bound yet; the copy is made as soon as it is`);
  if (volume.spec.claimRef?.uid === claim.metadata.uid) return undefined;
  return refuse(`volume "${volume.metadata.name}" of claim "${name}" is bound to another claim: use another source`);
}

function sourceClaimIsOfTheDriver({ source, claim, capabilities }: CreatingSeen) {
  if (source.kind !== "claim" || !source.volume) return undefined;
  const driver = source.volume.spec.csi?.driver ?? "none of CSI";
  if (driver !== capabilities.driver)
    return refuse(
      `claim "${source.name}" is of driver ${driver}, the class of ${capabilities.driver}: use a class of ${driver}`,
    );
  if (!capabilities.controller.has("CLONE_VOLUME"))
    return refuse(`driver ${driver} cannot copy volumes (no CLONE_VOLUME): restore a VolumeSnapshot of it instead`);
  const [had, wanted] = [source.volume.spec.volumeMode ?? "Filesystem", claim.spec.volumeMode ?? "Filesystem"];
  return had === wanted
    ? undefined
    : refuse(`spec.volumeMode is ${wanted}, claim "${source.name}" is ${had}: use ${had}`);
}

function claimHoldsItsSource(seen: CreatingSeen) {
  if (seen.source.kind !== "claim") return undefined;
  const capacity = seen.source.volume?.spec.capacity?.storage ?? "0";
  return tooSmallFor(seen, { what: `claim "${seen.source.name}"`, sizeBytes: parseQuantity(capacity) });
}

function tooSmallFor({ claim }: CreatingSeen, source: { readonly what: string; readonly sizeBytes: bigint }) {
  const requested = claim.spec.resources?.requests?.storage ?? "0";
  if (parseQuantity(requested) >= source.sizeBytes) return undefined;
  const least = formatQuantity(source.sizeBytes);
  return refuse(
    `spec.resources.requests.storage ${requested} is less than the ${least} of ${source.what}: ask for ${least} or more`,
  );
}

/** The scheduler chooses a node without looking at the source. */
function sourceIsHere({ source, isSourceHere, otherNodes = [], options }: CreatingSeen): Obstacle | undefined {
  if (isSourceHere || (source.kind !== "snapshot" && source.kind !== "claim")) return undefined;
  const what = source.kind === "snapshot" ? `VolumeSnapshot "${source.name}"` : `claim "${source.name}"`;
  const chosen = `"${options.nodeName}", which was chosen for the claim`;
  const [sourceNode] = otherNodes;
  if (sourceNode === undefined) return refuse(`${what} is on another node than ${chosen}: start the driver there`);
  const message = `${what} is on node "${sourceNode}", not on ${chosen}: the volume is made there, and a pod has to follow`;
  return { type: "Normal", reason: reasons.elsewhere, message };
}

function classIsValid(seen: CreatingSeen) {
  const order = orderOf(seen);
  return "problem" in order
    ? refuse(`StorageClass "${seen.claim.spec.storageClassName}" cannot be used: ${order.problem}`)
    : undefined;
}

function aNodeCanHaveIt({ places }: CreatingSeen) {
  return places.kind === "nowhere" ? refuse(places.problem) : undefined;
}
