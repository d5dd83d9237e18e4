import type { Volume as CsiVolume } from "../../csi/gen/csi_pb.js";
import type { Claim } from "../../kube/core/claim.ts";
import { provisionedByAnnotation } from "../../kube/core/names.ts";
import type { StorageClass } from "../../kube/core/storage-class.ts";
import type { CsiSource, Volume, VolumeNodeAffinity } from "../../kube/core/volume.ts";
import type { Draft } from "../../kube/object.ts";
import { formatQuantity } from "../../kube/quantity.ts";
import { deletionSecretName, deletionSecretNamespace, volumeFinalizer, volumeNameOf } from "../names.ts";
import type { ClassParameters } from "../parameters.ts";

export interface Made {
  readonly claim: Claim;
  readonly storageClass: StorageClass;
  readonly parameters: ClassParameters;
  readonly driver: string;
  /** The driver's answer. */
  readonly volume: CsiVolume;
  readonly sizeBytes: bigint;
}

/** The PersistentVolume for what the driver made: complete, and for this one claim. */
export function volumeFor(made: Made): Draft<Volume> & { readonly metadata: { readonly name: string } } {
  const { claim, storageClass, parameters, driver, volume } = made;
  const { name, namespace = "", uid, resourceVersion } = claim.metadata;
  const policy = storageClass.reclaimPolicy ?? "Delete";
  const secret = parameters.secrets.provisioner;
  const secretAnnotations = secret
    ? { [deletionSecretName]: secret.name, [deletionSecretNamespace]: secret.namespace }
    : {};
  const affinity = nodeAffinityOf(volume);
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name: volumeNameOf(claim),
      annotations: { [provisionedByAnnotation]: driver, ...secretAnnotations },
      ...(policy === "Delete" ? { finalizers: [volumeFinalizer] } : {}),
    },
    spec: {
      capacity: { storage: formatQuantity(made.sizeBytes) },
      accessModes: claim.spec.accessModes ?? [],
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid, resourceVersion },
      persistentVolumeReclaimPolicy: policy,
      storageClassName: storageClass.metadata.name,
      volumeMode: claim.spec.volumeMode ?? "Filesystem",
      ...(storageClass.mountOptions?.length ? { mountOptions: storageClass.mountOptions } : {}),
      ...(affinity ? { nodeAffinity: affinity } : {}),
      csi: csiSourceOf(made),
    },
  };
}

function csiSourceOf({ claim, driver, volume, parameters: { fsType, secrets } }: Made): CsiSource {
  const isFilesystem = claim.spec.volumeMode !== "Block";
  return {
    driver,
    volumeHandle: volume.volumeId,
    ...(isFilesystem && fsType ? { fsType } : {}),
    ...(Object.keys(volume.volumeContext).length > 0 ? { volumeAttributes: volume.volumeContext } : {}),
    ...(secrets.controllerPublish ? { controllerPublishSecretRef: secrets.controllerPublish } : {}),
    ...(secrets.nodeStage ? { nodeStageSecretRef: secrets.nodeStage } : {}),
    ...(secrets.nodePublish ? { nodePublishSecretRef: secrets.nodePublish } : {}),
    ...(secrets.controllerExpand ? { controllerExpandSecretRef: secrets.controllerExpand } : {}),
    ...(secrets.nodeExpand ? { nodeExpandSecretRef: secrets.nodeExpand } : {}),
  };
}

/** Any of the topologies will do; within one, all its labels must hold. */
function nodeAffinityOf({ accessibleTopology }: CsiVolume): VolumeNodeAffinity | undefined {
  const terms = accessibleTopology
    .map(({ segments }) => Object.entries(segments).sort(([a], [b]) => a.localeCompare(b)))
    .filter((pairs) => pairs.length > 0)
    .map((pairs) => ({
      matchExpressions: pairs.map(([key, value]) => ({ key, operator: "In" as const, values: [value] })),
    }));
  return terms.length > 0 ? { required: { nodeSelectorTerms: terms } } : undefined;
}
