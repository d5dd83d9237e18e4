import { nothing, onChange, type Plan } from "../../kube/controller/plan.ts";
import type { Claim, ClaimStatus } from "../../kube/core/claim.ts";
import type { Volume } from "../../kube/core/volume.ts";
import { parseQuantity } from "../../kube/quantity.ts";
import { reasons, warning } from "../events.ts";
import type { ExpandingSeen } from "./observe.ts";

export type ExpandingAction = AnnounceAction | ExpandAction;

/** Writes on the claim what is being asked of the driver: a quota counts it from then on, whatever the user asks for later. */
export interface AnnounceAction {
  readonly do: "announce";
  readonly claim: Claim;
  readonly requiredBytes: bigint;
  readonly now: Date;
}

export interface ExpandAction {
  readonly do: "expand";
  readonly claim: Claim;
  readonly volume: Volume;
  readonly requiredBytes: bigint;
  readonly now: Date;
}

/** Grows the volume of a bound claim that asks for more than it has. Volumes never shrink. */
export function decideExpanding(seen: ExpandingSeen): Plan<ExpandingAction> {
  const { claim, volume, now } = seen;
  const claimRef = volume?.spec.claimRef;
  if (!volume?.spec.csi || volume.spec.csi.driver !== seen.capabilities.driver) return nothing("NotOurs");
  if (!seen.isHere) return nothing("OtherNode");
  if (claimRef?.uid !== claim.metadata.uid || claim.metadata.deletionTimestamp) return nothing("NotBound");
  const requiredBytes = parseQuantity(claim.spec.resources?.requests?.storage ?? "0");
  if (requiredBytes <= parseQuantity(claim.status?.capacity?.storage ?? "0")) return nothing("LargeEnough");
  const isGrown = parseQuantity(volume.spec.capacity?.storage ?? "0") >= requiredBytes;
  if (isGrown && isWithNode(claim)) return nothing("WaitForNode");
  const problem = problemOf(seen);
  if (problem) {
    const events = [warning(claim, reasons.resizeFailed, problem)];
    return { reason: reasons.resizeFailed, steps: [], next: onChange, events };
  }
  if (isAnnounced(claim, requiredBytes))
    return { reason: "Expand", steps: [[{ do: "expand", claim, volume, requiredBytes, now }]], next: onChange };
  return { reason: "AnnounceExpansion", steps: [[{ do: "announce", claim, requiredBytes, now }]], next: onChange };
}

function isAnnounced({ status }: Claim, requiredBytes: bigint): boolean {
  const announced = parseQuantity(status?.allocatedResources?.storage ?? "0");
  return announced === requiredBytes && resizeStatusOf(status) === "ControllerResizeInProgress";
}

/** The volume has grown, and its filesystem is left to the node. */
function isWithNode({ status }: Claim): boolean {
  const found = resizeStatusOf(status);
  return found === "NodeResizePending" || found === "NodeResizeInProgress";
}

const resizeStatusOf = (status: ClaimStatus | undefined) => status?.allocatedResourceStatuses?.storage;

function problemOf({ claim, storageClass, capabilities }: ExpandingSeen): string | undefined {
  const requested = claim.spec.resources?.requests?.storage;
  const has = claim.status?.capacity?.storage;
  const wish = `spec.resources.requests.storage ${requested} is more than the ${has} it has, and`;
  const className = claim.spec.storageClassName;
  if (storageClass?.allowVolumeExpansion !== true)
    return `${wish} StorageClass "${className}" does not allow expansion: set its allowVolumeExpansion, or ask for ${has}`;
  if (capabilities.controller.has("EXPAND_VOLUME")) return undefined;
  return `${wish} driver ${capabilities.driver} cannot expand volumes: ask for ${has}`;
}
