import type { Capabilities } from "../../csi/capabilities.ts";
import type { Claim } from "../../kube/core/claim.ts";
import type { StorageClass } from "../../kube/core/storage-class.ts";
import type { Volume } from "../../kube/core/volume.ts";
import type { ProvisioningDeps, ProvisioningOptions } from "../deps.ts";
import { volumeNameOf } from "../names.ts";
import { findSource, isSourceOn, type Source } from "./source.ts";
import { nodesFor, type Places, placesFor } from "./topology.ts";
import { type Turn, turnOf } from "./turn.ts";

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
  /** Where each node has a provisioner of its own, whether this one makes the volume. */
  readonly turn?: Turn | undefined;
  /** False where the source is known to be on other nodes than this one. */
  readonly isSourceHere: boolean;
  /** Where each node has a provisioner of its own: the others that could have the volume, as they have the driver and the source. */
  readonly otherNodes?: readonly string[] | undefined;
}

export function observeCreating(claim: Claim, deps: ProvisioningDeps, now: Date): CreatingSeen {
  const { caches, capabilities, options } = deps;
  const { nodeName } = options;
  const storageClass = caches.storageClasses.get(claim.spec.storageClassName ?? "");
  const constrained = capabilities.plugin.has("VOLUME_ACCESSIBILITY_CONSTRAINTS");
  const where = { driver: capabilities.driver, nodes: caches, nodeName };
  const source = findSource(claim, caches);
  const isOn = (name: string) => isSourceOn(caches.nodes.get(name) ?? { metadata: { name } }, source);
  const candidates = nodeName === undefined ? [] : nodesFor(storageClass, where).filter(isOn);
  return {
    claim,
    storageClass,
    volume: caches.volumes.get(volumeNameOf(claim)),
    source,
    places: constrained && storageClass ? placesFor(claim, storageClass, where) : { kind: "anywhere" },
    turn: nodeName === undefined ? undefined : turnOf(claim, { nodeName, candidates, now }),
    isSourceHere: nodeName === undefined || isOn(nodeName),
    otherNodes: nodeName === undefined ? undefined : candidates.filter((name) => name !== nodeName),
    capabilities,
    options,
    snapshotTrouble: caches.snapshots.trouble ?? caches.snapshotContents.trouble,
  };
}
