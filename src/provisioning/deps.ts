import type { Snapshot, SnapshotContent } from "../api/snapshot/types.ts";
import type { Capabilities } from "../csi/capabilities.ts";
import type { CsiServices } from "../csi/client.ts";
import type { Cache, Indexes } from "../kube/cache/cache.ts";
import type { Claim, DataSource } from "../kube/core/claim.ts";
import type { CsiNode, Node } from "../kube/core/node.ts";
import type { StorageClass } from "../kube/core/storage-class.ts";
import { isReachedFrom, type Volume } from "../kube/core/volume.ts";
import { keyOf } from "../kube/object.ts";

export interface ProvisioningDeps {
  readonly csi: Pick<CsiServices, "controller">;
  readonly capabilities: Capabilities;
  readonly caches: ProvisioningCaches;
  readonly options: ProvisioningOptions;
}

export interface ProvisioningOptions {
  /** Limit of one CSI call. */
  readonly timeoutMs: number;
  /** Tells the driver the names of claim and volume (`--extra-create-metadata`). */
  readonly extraCreateMetadata: boolean;
  /** The only node that volumes are made on here, where each has a provisioner of its own. */
  readonly nodeName?: string | undefined;
  /** The place of that node, as its driver says: the node's labels come and go with the driver's registration. */
  readonly place?: Readonly<Record<string, string>> | undefined;
}

export interface ProvisioningCaches {
  /** With the index `claimIndexes`. */
  readonly claims: Cache<Claim>;
  readonly volumes: Cache<Volume>;
  readonly storageClasses: Cache<StorageClass>;
  readonly snapshots: Cache<Snapshot>;
  readonly snapshotContents: Cache<SnapshotContent>;
  readonly nodes: Cache<Node>;
  readonly csiNodes: Cache<CsiNode>;
}

/** Whether a volume that exists is the business of this provisioner. */
export function isHere(volume: Volume, { nodeName, place = {} }: ProvisioningOptions): boolean {
  return nodeName === undefined || isReachedFrom({ name: nodeName, labels: place }, volume);
}

/** Files a claim without volume under everything that its volume depends on. */
export const byNeed = "claims without volume, by what they need";
export const claimIndexes: Indexes<Claim> = {
  [byNeed]: (claim) => (claim.spec.volumeName ? [] : [needs.anything, ...needsOf(claim)]),
};

/** Values of the index. */
export const needs = {
  anything: "any",
  storageClass: (name: string) => `class ${name}`,
  snapshot: (key: string) => `snapshot ${key}`,
  claim: (key: string) => `claim ${key}`,
};

function needsOf(claim: Claim): readonly string[] {
  const source = sourceOf(claim);
  const key = keyOf({ namespace: claim.metadata.namespace, name: source?.name ?? "" });
  return [
    ...(claim.spec.storageClassName ? [needs.storageClass(claim.spec.storageClassName)] : []),
    ...(source && isSnapshot(source) ? [needs.snapshot(key)] : []),
    ...(source && isClaim(source) ? [needs.claim(key)] : []),
  ];
}

/** What the claim's volume starts with. Kubernetes keeps both fields alike where both can be set. */
export function sourceOf(claim: Claim): DataSource | undefined {
  return claim.spec.dataSourceRef ?? claim.spec.dataSource;
}

export function isSnapshot(source: DataSource): boolean {
  return source.kind === "VolumeSnapshot" && source.apiGroup === "snapshot.storage.k8s.io";
}

export function isClaim(source: DataSource): boolean {
  return source.kind === "PersistentVolumeClaim" && !source.apiGroup;
}
