import type { Claim } from "../kube/core/claim.ts";

/** The volume of a claim, for Kubernetes and for CSI. */
export function volumeNameOf(claim: Claim): string {
  return `pvc-${claim.metadata.uid}`;
}

/** On a claim: the driver may have made a volume that no PersistentVolume stands for yet. */
export const claimFinalizer = "groupsnap.dev/provisioning";
/** On a volume with policy Delete: it is still on the storage. */
export const volumeFinalizer = "external-provisioner.volume.kubernetes.io/finalizer";

/** On a claim: the driver that is to make its volume; written by the cluster's binder. */
export const provisionerAnnotation = "volume.kubernetes.io/storage-provisioner";
/** The same, as Kubernetes wrote it before 1.23. */
export const oldProvisionerAnnotation = "volume.beta.kubernetes.io/storage-provisioner";
/** On a claim whose class waits for its first consumer: the node of that consumer. */
export const selectedNodeAnnotation = "volume.kubernetes.io/selected-node";

/** On a volume: the driver that made it. */
export const provisionedByAnnotation = "pv.kubernetes.io/provisioned-by";
/** On a volume: the secret that deletes it. */
export const deletionSecretName = "volume.kubernetes.io/provisioner-deletion-secret-name";
export const deletionSecretNamespace = "volume.kubernetes.io/provisioner-deletion-secret-namespace";
