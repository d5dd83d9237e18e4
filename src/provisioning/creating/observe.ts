import type { Capabilities } from "../../csi/capabilities.ts";
import type { Claim } from "../../kube/core/claim.ts";
import type { StorageClass } from "../../kube/core/storage-class.ts";
import type { Volume } from "../../kube/core/volume.ts";
import type { ProvisioningDeps, ProvisioningOptions } from "../deps.ts";
import { volumeNameOf } from "../names.ts";
import { findSource, type Source } from "./source.ts";
import { type Places, placesFor } from "./topology.ts";

/** Every fact from which it is decided how a claim gets its volume. */
export interface CreatingSeen {
  readonly claim: Claim;
  readonly storageClass: StorageClass | undefined;
  /** The volume that was made for this claim, if there is one. */
  readonly volume: Volume | undefined;
  readonly source: Source;
  readonly places: Places;
  readonly capabilities: Capabilities;
  readonly options: ProvisioningOptions;
  /** Why snapshots cannot be seen: their CRDs are missing, or may not be read. */
  readonly snapshotTrouble: string | undefined;
}

export function observeCreating(claim: Claim, { caches, capabilities, options }: ProvisioningDeps): CreatingSeen {
  const storageClass = caches.storageClasses.get(claim.spec.storageClassName ?? "");
  const constrained = capabilities.plugin.has("VOLUME_ACCESSIBILITY_CONSTRAINTS");
  const nodes = { driver: capabilities.driver, nodes: caches };
  return {
    claim,
    storageClass,
    volume: caches.volumes.get(volumeNameOf(claim)),
    source: findSource(claim, caches),
    places: constrained && storageClass ? placesFor(claim, storageClass, nodes) : { kind: "anywhere" },
    capabilities,
    options,
    snapshotTrouble: caches.snapshots.trouble ?? caches.snapshotContents.trouble,
  };
}
