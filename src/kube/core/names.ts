/** Annotations, finalizers and condition types by which Kubernetes' own volume controllers talk to each other. */

/** On a claim: the driver that is to make its volume; written by the binder. */
export const provisionerAnnotation = "volume.kubernetes.io/storage-provisioner";
/** The same, as Kubernetes wrote it before 1.23. */
export const oldProvisionerAnnotation = "volume.beta.kubernetes.io/storage-provisioner";
/** On a claim whose class waits for its first consumer: the node of that consumer. */
export const selectedNodeAnnotation = "volume.kubernetes.io/selected-node";
/** On a claim: it has a volume for good. */
export const bindCompletedAnnotation = "pv.kubernetes.io/bind-completed";
/** On a claim or a volume: its partner was found by the binder, not named by a user. */
export const boundByControllerAnnotation = "pv.kubernetes.io/bound-by-controller";
/** On a volume: the driver that made it. */
export const provisionedByAnnotation = "pv.kubernetes.io/provisioned-by";

/** On a claim: somebody may be using its volume. */
export const claimProtection = "kubernetes.io/pvc-protection";
/** On a volume: it may be bound. */
export const volumeProtection = "kubernetes.io/pv-protection";

/** Condition by which the controller hands the expansion of a volume over to its node. */
export const resizePending = "FileSystemResizePending";
/** Condition of a claim whose volume is growing. */
export const resizing = "Resizing";
