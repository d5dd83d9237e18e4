import { nothing, onChange, type Plan } from "../../kube/controller/plan.ts";
import { provisionedByAnnotation } from "../../kube/core/names.ts";
import type { SecretRef, Volume } from "../../kube/core/volume.ts";
import { deletionSecretName, deletionSecretNamespace, volumeFinalizer } from "../names.ts";

export interface ReleasingSeen {
  readonly volume: Volume;
  readonly driver: string;
  /** False where another node's provisioner is to do it: to this one's driver the volume would seem gone already. */
  readonly isHere: boolean;
}

export type ReleasingAction =
  | { readonly do: "deleteOnStorage"; readonly handle: string; readonly secret: SecretRef | undefined }
  | { readonly do: "deleteObject"; readonly volume: Volume }
  | { readonly do: "unprotectVolume"; readonly volume: Volume };

/**
 * What becomes of a volume whose claim is gone. With policy Delete: first the data, then the object, so that the object
 * stays as long as there is something to find. With Retain the object alone goes, when somebody deletes it.
 */
export function decideReleasing({ volume, driver, isHere }: ReleasingSeen): Plan<ReleasingAction> {
  if (volume.spec.csi?.driver !== driver || !isMadeByUs(volume, driver)) return nothing("NotOurs");
  if (!isHere) return nothing("OtherNode");
  const isDeleted = volume.metadata.deletionTimestamp !== undefined;
  if (volume.spec.persistentVolumeReclaimPolicy !== "Delete") return isDeleted ? letGo(volume) : nothing("Retained");
  if (isDeleted && !volume.metadata.finalizers?.includes(volumeFinalizer)) return nothing("Gone");
  const phase = volume.status?.phase;
  if (phase === "Bound") return nothing("Bound");
  if (phase !== "Released" && phase !== "Failed" && !isDeleted) return nothing("NotReleased");
  return {
    reason: "DeleteVolume",
    steps: [
      [{ do: "deleteOnStorage", handle: volume.spec.csi.volumeHandle, secret: deletionSecretOf(volume) }],
      [{ do: "unprotectVolume", volume }], // before the deletion, which would change the object under it
      ...(isDeleted ? [] : [[{ do: "deleteObject", volume } as const]]),
    ],
    next: onChange,
  };
}

function letGo(volume: Volume): Plan<ReleasingAction> {
  if (!volume.metadata.finalizers?.includes(volumeFinalizer)) return nothing("Gone");
  return { reason: "UnprotectVolume", steps: [[{ do: "unprotectVolume", volume }]], next: onChange };
}

function isMadeByUs(volume: Volume, driver: string): boolean {
  return volume.metadata.annotations?.[provisionedByAnnotation] === driver;
}

function deletionSecretOf({ metadata: { annotations } }: Volume): SecretRef | undefined {
  const [name, namespace] = [annotations?.[deletionSecretName], annotations?.[deletionSecretNamespace]];
  return name && namespace ? { name, namespace } : undefined;
}
