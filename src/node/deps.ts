import type { Capabilities } from "../csi/capabilities.ts";
import type { CsiServices } from "../csi/client.ts";
import type { Cache, Indexes } from "../kube/cache/cache.ts";
import type { Claim } from "../kube/core/claim.ts";
import type { Pod } from "../kube/core/pod.ts";
import type { StorageClass } from "../kube/core/storage-class.ts";
import type { Volume } from "../kube/core/volume.ts";
import { keyOf } from "../kube/object.ts";
import type { PublishedRecords } from "./publishing/records.ts";

export interface NodeDeps {
  readonly csi: Pick<CsiServices, "node">;
  readonly capabilities: Capabilities;
  readonly caches: NodeCaches;
  readonly records: PublishedRecords;
  readonly options: NodeOptions;
}

export interface NodeOptions {
  /** The Node object of this machine. */
  readonly nodeName: string;
  /** Labels of that node that volumes may ask for. */
  readonly nodeLabels: Readonly<Record<string, string>>;
  /** Volumes appear in `volumes/<namespace>/<claim>` of this folder. */
  readonly dataDir: string;
  /** Limit of one CSI call. */
  readonly timeoutMs: number;
}

export interface NodeCaches {
  /** With the index `nodeClaimIndexes`. */
  readonly claims: Cache<Claim>;
  /** With the index `nodeVolumeIndexes`. */
  readonly volumes: Cache<Volume>;
  readonly storageClasses: Cache<StorageClass>;
  /** With the index `nodePodIndexes`. */
  readonly pods: Cache<Pod>;
}

/** Files claims without volume under the name of their class. */
export const unboundByClass = "unbound claims by class";
export const nodeClaimIndexes: Indexes<Claim> = {
  [unboundByClass]: ({ spec }) => (spec.volumeName ? [] : [spec.storageClassName ?? ""]),
};

/** Files volumes under the claim they are for, and those that are for none under the name of their class. */
export const byClaim = "volumes by claim";
export const freeByClass = "free volumes by class";
export const nodeVolumeIndexes: Indexes<Volume> = {
  [byClaim]: ({ spec: { claimRef } }) => (claimRef ? [keyOf(claimRef)] : []),
  [freeByClass]: ({ spec }) => (spec.claimRef ? [] : [spec.storageClassName ?? ""]),
};

/** Files pods that may still run under the claims they use. */
export const podsByClaim = "pods by claim";
export const nodePodIndexes: Indexes<Pod> = { [podsByClaim]: claimsOf };

export function claimsOf(pod: Pod): readonly string[] {
  const phase = pod.status?.phase;
  if (phase === "Succeeded" || phase === "Failed") return [];
  const names = (pod.spec?.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
  return names.map((name) => keyOf({ namespace: pod.metadata.namespace, name }));
}
