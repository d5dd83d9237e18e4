/** What ownership of fields must know of a built-in kind beyond its schema. */
export interface KindOwnership {
  /** Dotted paths of objects and lists that Kubernetes never leaves out: absent is the same as empty. */
  readonly always?: readonly string[];
  /** What writes of /status do not reach. */
  readonly beyondStatus?: readonly string[];
  /** What the server states of a new object, by itself or by other objects: nobody's, unless the client stated it. */
  readonly stated?: readonly string[];
}

const specAndStatus = ["spec", "status"];
const containers = (podSpec: string) => [
  `${podSpec}.containers`,
  ...["containers", "initContainers", "ephemeralContainers"].map((list) => `${podSpec}.${list}.resources`),
];
const podTemplate = [
  "spec.template",
  "spec.template.metadata",
  "spec.template.spec",
  ...containers("spec.template.spec"),
];

/** By kind; for others what stands here for "". */
const table: Readonly<Record<string, KindOwnership>> = {
  Namespace: { always: specAndStatus, stated: ["spec.finalizers"] },
  PersistentVolume: { always: specAndStatus },
  PersistentVolumeClaim: {
    always: [...specAndStatus, "spec.resources"],
    stated: ["spec.dataSource", "spec.dataSourceRef", "spec.storageClassName"],
  },
  Pod: {
    always: [...specAndStatus, ...containers("spec")],
    beyondStatus: ["spec", "metadata.deletionTimestamp", "metadata.ownerReferences"],
  },
  Node: {
    always: [...specAndStatus, "status.daemonEndpoints", "status.daemonEndpoints.kubeletEndpoint", "status.nodeInfo"],
  },
  Event: {
    always: ["involvedObject", "source", "regarding", "deprecatedSource"],
  },
  Lease: { always: ["spec"] },
  Deployment: {
    always: [...specAndStatus, ...podTemplate, "spec.strategy"],
    beyondStatus: ["spec", "metadata.labels"],
  },
  StatefulSet: {
    always: [
      ...specAndStatus,
      ...podTemplate,
      "spec.updateStrategy",
      "spec.volumeClaimTemplates.spec",
      "spec.volumeClaimTemplates.spec.resources",
      "spec.volumeClaimTemplates.status",
    ],
  },
  CSIDriver: { always: ["spec"] },
  CSINode: { always: [...specAndStatus, "spec.drivers"], beyondStatus: ["metadata", "spec"] },
  VolumeAttachment: { always: ["spec", "spec.source", "status"], beyondStatus: ["metadata", "spec"] },
  RoleBinding: { always: ["roleRef"] },
  ClusterRoleBinding: { always: ["roleRef"] },
  CustomResourceDefinition: {
    always: [...specAndStatus, "spec.names", "status.acceptedNames"],
    stated: ["metadata.finalizers"],
  },
  ValidatingWebhookConfiguration: { always: ["webhooks.clientConfig"] },
  MutatingWebhookConfiguration: { always: ["webhooks.clientConfig"] },
};

/** What is said of a built-in kind; nothing for kinds whose schema says it all. */
export const ownershipOf = (kind: string): KindOwnership => table[kind] ?? {};
