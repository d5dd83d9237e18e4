import type { Capabilities, ControllerCapabilityName } from "../csi/capabilities.ts";
import type { Claim } from "../kube/core/claim.ts";
import type { CreatingSeen } from "../provisioning/creating/observe.ts";
import {
  aClaim,
  aContentOf,
  aReadySnapshot,
  aStorageClass,
  aVolumeFor,
  boundTo,
  scriptedDriverName,
} from "./objects/storage.ts";

/** The binder of the cluster has asked our driver for a volume. */
export const ours = { annotations: { "volume.kubernetes.io/storage-provisioner": scriptedDriverName } };

/** A driver that can do this. */
export function able(controller: readonly ControllerCapabilityName[]): Capabilities {
  const none: ReadonlySet<never> = new Set();
  const version = "1";
  return {
    driver: scriptedDriverName,
    version,
    plugin: none,
    expansion: none,
    controller: new Set(controller),
    group: none,
    node: none,
  };
}
const ableToAll = able(["CREATE_DELETE_VOLUME", "CREATE_DELETE_SNAPSHOT", "CLONE_VOLUME"]);

/** What is seen of an Immediate claim for an empty volume, but for the change. */
export function seeing(claim: Claim, change: Partial<CreatingSeen> = {}): CreatingSeen {
  return {
    claim,
    storageClass: aStorageClass(),
    volume: undefined,
    source: { kind: "empty" },
    places: { kind: "anywhere" },
    isSourceHere: true,
    capabilities: ableToAll,
    options: { timeoutMs: 1_000, extraCreateMetadata: false },
    snapshotTrouble: undefined,
    ...change,
  };
}

export const snapshot = aReadySnapshot("daily");
export const content = aContentOf(snapshot);
export const fromSnapshot = { kind: "snapshot" as const, name: "daily", snapshot, content };
export const origin = aClaim("origin");
const originVolume = aVolumeFor(origin);
export const fromClaim = {
  kind: "claim" as const,
  name: "origin",
  claim: boundTo(originVolume, origin),
  volume: originVolume,
};
