import type { Capabilities } from "../../csi/capabilities.ts";
import type { Claim } from "../../kube/core/claim.ts";
import type { StorageClass } from "../../kube/core/storage-class.ts";
import type { Volume } from "../../kube/core/volume.ts";
import type { ProvisioningDeps } from "../deps.ts";

/** Every fact from which it is decided whether a bound claim's volume grows. */
export interface ExpandingSeen {
  readonly claim: Claim;
  /** The volume the claim is bound to. */
  readonly volume: Volume | undefined;
  readonly storageClass: StorageClass | undefined;
  readonly capabilities: Capabilities;
  readonly now: Date;
}

export function observeExpanding(claim: Claim, { caches, capabilities }: ProvisioningDeps, now: Date): ExpandingSeen {
  return {
    claim,
    volume: caches.volumes.get(claim.spec.volumeName ?? ""),
    storageClass: caches.storageClasses.get(claim.spec.storageClassName ?? ""),
    capabilities,
    now,
  };
}
