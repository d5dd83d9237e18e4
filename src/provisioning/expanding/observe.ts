import type { Capabilities } from "../../csi/capabilities.ts";
import type { Claim } from "../../kube/core/claim.ts";
import type { StorageClass } from "../../kube/core/storage-class.ts";
import type { Volume } from "../../kube/core/volume.ts";
import { isHere, type ProvisioningDeps } from "../deps.ts";

/** Every fact from which it is decided whether a bound claim's volume grows. */
export interface ExpandingSeen {
  readonly claim: Claim;
  /** The volume the claim is bound to. */
  readonly volume: Volume | undefined;
  readonly storageClass: StorageClass | undefined;
  readonly capabilities: Capabilities;
  readonly now: Date;
  /** False where another node's provisioner is to do it. */
  readonly isHere: boolean;
}

export function observeExpanding(claim: Claim, deps: ProvisioningDeps, now: Date): ExpandingSeen {
  const { caches, capabilities } = deps;
  const volume = caches.volumes.get(claim.spec.volumeName ?? "");
  return {
    claim,
    volume,
    isHere: volume === undefined || isHere(volume, deps.options),
    storageClass: caches.storageClasses.get(claim.spec.storageClassName ?? ""),
    capabilities,
    now,
  };
}
