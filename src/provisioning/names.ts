import type { Claim } from "../kube/core/claim.ts";

/** The volume of a claim, for Kubernetes and for CSI. */
export function volumeNameOf(claim: Claim): string {
  return `pvc-${claim.metadata.uid}`;
}

/** On a claim: the driver may have made a volume that no PersistentVolume stands for yet. */
export const claimFinalizer = "groupsnap.dev/provisioning";
/** On a volume with policy Delete: it is still on the storage. */
export const volumeFinalizer = "external-provisioner.volume.kubernetes.io/finalizer";

/** On a volume: the secret that deletes it. */
export const deletionSecretName = "volume.kubernetes.io/provisioner-deletion-secret-name";
export const deletionSecretNamespace = "volume.kubernetes.io/provisioner-deletion-secret-namespace";
