import { nothing, onChange, type Plan } from "../../kube/controller/plan.ts";
import type { Claim } from "../../kube/core/claim.ts";
import { boundByControllerAnnotation, provisionedByAnnotation, volumeProtection } from "../../kube/core/names.ts";
import type { Volume, VolumeStatus } from "../../kube/core/volume.ts";

export interface PhaseSeen {
  readonly volume: Volume;
  /** The claim that the volume names by uid, if that very claim exists. */
  readonly claim: Claim | undefined;
  readonly now: Date;
}

export type PhaseAction =
  | { readonly do: "protectVolume"; readonly volume: Volume }
  | { readonly do: "unprotectVolume"; readonly volume: Volume }
  /** Takes back what the binder reserved for a claim that got another volume. */
  | { readonly do: "unreserveVolume"; readonly volume: Volume }
  | { readonly do: "writeVolumeStatus"; readonly volume: Volume; readonly status: VolumeStatus };

type Phase = NonNullable<VolumeStatus["phase"]>;

/** In which phase a volume is, and whether it may go. */
export function decidePhase(seen: PhaseSeen): Plan<PhaseAction> {
  const { volume, claim } = seen;
  const isProtected = volume.metadata.finalizers?.includes(volumeProtection) === true;
  const phase = phaseOf(seen);
  if (volume.metadata.deletionTimestamp && isProtected && phase !== "Bound")
    return { reason: "UnprotectVolume", steps: [[{ do: "unprotectVolume", volume }]], next: onChange };
  if (claim && phase === "Released" && isReservedOnly(volume))
    return { reason: "UnreserveVolume", steps: [[{ do: "unreserveVolume", volume }]], next: onChange };
  if (!isProtected && !volume.metadata.deletionTimestamp)
    return { reason: "ProtectVolume", steps: [[{ do: "protectVolume", volume }]], next: onChange };
  if (volume.status?.phase === phase) return nothing(phase);
  return {
    reason: phase,
    steps: [[{ do: "writeVolumeStatus", volume, status: statusOf(seen, phase) }]],
    next: onChange,
  };
}

function phaseOf({ volume, claim }: PhaseSeen): Phase {
  if (!volume.spec.claimRef?.uid) return "Available";
  if (!claim) return "Released";
  const bound = claim.spec.volumeName ?? "";
  if (bound === volume.metadata.name) return "Bound";
  if (bound !== "") return "Released";
  return volume.status?.phase ?? "Pending"; // the claim will say so in a moment
}

/** The binder chose it among volumes that exist; it was not made for the claim. */
function isReservedOnly({ metadata: { annotations } }: Volume): boolean {
  return annotations?.[boundByControllerAnnotation] !== undefined && annotations[provisionedByAnnotation] === undefined;
}

function statusOf({ now }: PhaseSeen, phase: Phase): VolumeStatus {
  return { phase, lastPhaseTransitionTime: now.toISOString().replace(/\.\d+Z$/, "Z") };
}
