import { snapshotHandle } from "../../api/handles.ts";
import type { Snapshot, SnapshotContent } from "../../api/snapshot/types.ts";
import type { Claim, ClaimSpec } from "../../kube/core/claim.ts";
import type { StorageClass } from "../../kube/core/storage-class.ts";
import type { Volume, VolumeSpec } from "../../kube/core/volume.ts";
import type { ObjectMeta } from "../../kube/object.ts";

/** What the builders write where a test says nothing. */
export const scriptedDriverName = "scripted.csi.example.com";
const someTime = "2026-01-01T00:00:00Z";

type Meta = Partial<ObjectMeta>;

function metaOf(name: string, meta: Meta): ObjectMeta {
  return { name, uid: `uid-of-${name}`, resourceVersion: "1", creationTimestamp: someTime, ...meta };
}

/** A Filesystem claim of 1Gi in namespace "shop", of class "fast". */
export function aClaim(name: string, spec: Partial<ClaimSpec> = {}, meta: Meta = {}): Claim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: metaOf(name, { namespace: "shop", ...meta }),
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Gi" } },
      storageClassName: "fast",
      ...spec,
    },
    status: { phase: "Pending" },
  };
}

/** The claim, bound to the volume. */
export function boundTo(volume: Volume, claim: Claim): Claim {
  const { capacity, accessModes } = volume.spec;
  return {
    ...claim,
    spec: { ...claim.spec, volumeName: volume.metadata.name },
    status: { phase: "Bound", ...(capacity ? { capacity } : {}), ...(accessModes ? { accessModes } : {}) },
  };
}

/** A volume of the scripted driver for this claim, as a provisioner makes it. */
export function aVolumeFor(claim: Claim, spec: Partial<VolumeSpec> = {}, meta: Meta = {}): Volume {
  const { namespace = "", name, uid } = claim.metadata;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: metaOf(`pvc-${uid}`, { annotations: { "pv.kubernetes.io/provisioned-by": scriptedDriverName }, ...meta }),
    spec: {
      capacity: claim.spec.resources?.requests ?? {},
      accessModes: claim.spec.accessModes ?? [],
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid },
      persistentVolumeReclaimPolicy: "Delete",
      storageClassName: claim.spec.storageClassName ?? "",
      volumeMode: claim.spec.volumeMode ?? "Filesystem",
      csi: { driver: scriptedDriverName, volumeHandle: `handle-of-${name}` },
      ...spec,
    },
    status: { phase: "Bound" },
  };
}

/** Class "fast" of the scripted driver: Delete, Immediate, may grow. */
export function aStorageClass(change: Partial<Omit<StorageClass, "metadata">> = {}, name = "fast"): StorageClass {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: metaOf(name, {}),
    provisioner: scriptedDriverName,
    reclaimPolicy: "Delete",
    volumeBindingMode: "Immediate",
    allowVolumeExpansion: true,
    ...change,
  };
}

/** A VolumeSnapshot that is ready, of 1Gi. */
export function aReadySnapshot(name: string): Snapshot {
  return {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: "VolumeSnapshot",
    metadata: metaOf(name, { namespace: "shop" }),
    spec: { source: { persistentVolumeClaimName: "data" } },
    status: { boundVolumeSnapshotContentName: `content-of-${name}`, readyToUse: true, restoreSize: "1Gi" },
  };
}

/** The content of that snapshot, of the scripted driver. */
export function aContentOf(snapshot: Snapshot): SnapshotContent {
  const { name, namespace = "", uid } = snapshot.metadata;
  return {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: "VolumeSnapshotContent",
    metadata: metaOf(`content-of-${name}`, {}),
    spec: {
      driver: scriptedDriverName,
      deletionPolicy: "Delete",
      volumeSnapshotRef: { kind: "VolumeSnapshot", namespace, name, uid },
      source: { snapshotHandle: snapshotHandle(`handle-of-${name}`) },
      sourceVolumeMode: "Filesystem",
    },
    status: { snapshotHandle: snapshotHandle(`handle-of-${name}`), readyToUse: true, restoreSize: 1 << 30 },
  };
}
