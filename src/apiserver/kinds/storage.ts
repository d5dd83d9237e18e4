import { equalJson, type JsonObject } from "../../lib/json.ts";
import { forbidden, invalid, required } from "../schema/messages.ts";
import type { Schema } from "../schema/schema.ts";
import { ageColumn, booleanColumn, column, integerColumn, nameColumn, orUnset } from "./columns.ts";
import type { KindDefinition } from "./define.ts";
import {
  anything,
  flag,
  int32,
  int64,
  list,
  listBy,
  object,
  oneOf,
  quantity,
  text,
  textMap,
  texts,
  time,
} from "./fields.ts";
import type { AdmitRequest, FieldError } from "./kind.ts";
import { at, objectsAt, textAt, textsAt } from "./read.ts";
import { volumeSpec } from "./volume.ts";

const group = "storage.k8s.io";
const reclaimPolicies = ["Delete", "Retain"];
const bindingModes = ["Immediate", "WaitForFirstConsumer"];

export const storageClass: KindDefinition = {
  group,
  kind: "StorageClass",
  plural: "storageclasses",
  shortNames: ["sc"],
  clusterScoped: true,
  description: "A way to make volumes.",
  fields: {
    provisioner: text("Who makes the volumes."),
    parameters: textMap("What the provisioner is told. Cannot be changed."),
    reclaimPolicy: oneOf("What becomes of a volume after its claim.", reclaimPolicies, "Delete"),
    mountOptions: texts("How volumes are mounted."),
    allowVolumeExpansion: flag("Claims may grow."),
    volumeBindingMode: oneOf("When volumes are made: at once, or when a pod needs them.", bindingModes, "Immediate"),
    allowedTopologies: list("Where volumes may be made.", anything("A place.")),
  },
  required: ["provisioner"],
  columns: [
    { ...nameColumn, cell: nameOfClass },
    column("Provisioner", "Who makes the volumes.", (it) => textAt(it, "provisioner")),
    column("ReclaimPolicy", "What becomes of a volume after its claim.", (it) => textAt(it, "reclaimPolicy")),
    column("VolumeBindingMode", "When volumes are made.", (it) => textAt(it, "volumeBindingMode")),
    booleanColumn("AllowVolumeExpansion", "Claims may grow.", (it) => it.allowVolumeExpansion === true),
    ageColumn,
  ],
  check: classErrors,
};

function nameOfClass(storageClass: JsonObject): string {
  const name = textAt(storageClass, "metadata", "name");
  const isDefault = ["storageclass.kubernetes.io", "storageclass.beta.kubernetes.io"].some(
    (domain) => textAt(storageClass, "metadata", "annotations", `${domain}/is-default-class`) === "true",
  );
  return isDefault ? `${name} (default)` : name;
}

function classErrors(storageClass: JsonObject, { old }: AdmitRequest): readonly FieldError[] {
  if (textAt(storageClass, "provisioner") === "") return [required("provisioner")];
  if (!old) return [];
  return ["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"]
    .filter((field) => !equalJson(storageClass[field] ?? {}, old[field] ?? {}))
    .map((field) => invalid(field, storageClass[field] ?? null, "field is immutable"));
}

export const csiDriver: KindDefinition = {
  group,
  kind: "CSIDriver",
  plural: "csidrivers",
  clusterScoped: true,
  needsVersion: true,
  hasGeneration: true,
  description: "A CSI driver that is installed, and what it needs.",
  fields: {
    spec: object("What the driver needs.", {
      attachRequired: flag("Volumes must be attached before they are staged.", true),
      podInfoOnMount: flag("The driver is told about the pod at publish.", false),
      volumeLifecycleModes: {
        ...list("Which volumes it serves.", oneOf("A mode.", ["Persistent", "Ephemeral"])),
        "x-kubernetes-list-type": "set",
        default: ["Persistent"],
      },
      storageCapacity: flag("Pods go where the driver has room.", false),
      fsGroupPolicy: oneOf(
        "Who may change owners in volumes.",
        ["ReadWriteOnceWithFSType", "File", "None"],
        "ReadWriteOnceWithFSType",
      ),
      tokenRequests: list(
        "Tokens the driver gets at publish.",
        object("A token.", { audience: text("Whom it is for."), expirationSeconds: int64("How long it lasts.") }, [
          "audience",
        ]),
      ),
      requiresRepublish: flag("Publish is repeated from time to time.", false),
      seLinuxMount: flag("Volumes are mounted with an SELinux context.", false),
      nodeAllocatableUpdatePeriodSeconds: int64("How often the number of volumes a node can hold is read."),
      preventPodSchedulingIfMissing: flag("Pods with its volumes go only where it runs.", false),
      serviceAccountTokenInSecrets: flag("Tokens come as secrets, not as attributes."),
    }),
  },
  required: ["spec"],
  columns: [
    nameColumn,
    booleanColumn("AttachRequired", "Volumes must be attached.", (it) => at(it, "spec", "attachRequired") !== false),
    booleanColumn(
      "PodInfoOnMount",
      "The driver is told about the pod.",
      (it) => at(it, "spec", "podInfoOnMount") === true,
    ),
    booleanColumn(
      "StorageCapacity",
      "Pods go where there is room.",
      (it) => at(it, "spec", "storageCapacity") === true,
    ),
    column("TokenRequests", "Tokens the driver gets.", (it) =>
      orUnset(
        objectsAt(it, "spec", "tokenRequests")
          .map((one) => textAt(one, "audience"))
          .join(","),
      ),
    ),
    booleanColumn("RequiresRepublish", "Publish is repeated.", (it) => at(it, "spec", "requiresRepublish") === true),
    column(
      "Modes",
      "Which volumes it serves.",
      (it) => textsAt(it, "spec", "volumeLifecycleModes").join(",") || "Persistent",
    ),
    ageColumn,
  ],
};

const nodeDriver = object(
  "A driver on the node.",
  {
    name: text("Name of the driver."),
    nodeID: text("What the driver calls the node."),
    topologyKeys: texts("The labels its topology is made of."),
    allocatable: object("How much it can take.", { count: int32("How many volumes.") }),
  },
  ["name", "nodeID"],
);

export const csiNode: KindDefinition = {
  group,
  kind: "CSINode",
  plural: "csinodes",
  clusterScoped: true,
  needsVersion: true,
  description: "The CSI drivers on a node.",
  fields: {
    spec: object("The drivers.", { drivers: listBy("The drivers.", ["name"], nodeDriver) }, ["drivers"]),
    status: anything("How they are."),
  },
  required: ["spec"],
  columns: [
    nameColumn,
    integerColumn("Drivers", "How many.", (it) => objectsAt(it, "spec", "drivers").length),
    ageColumn,
  ],
};

const attachError = (description: string): Schema =>
  object(description, { time: time("When."), message: text("What went wrong."), errorCode: int32("Its gRPC code.") });

export const volumeAttachment: KindDefinition = {
  group,
  kind: "VolumeAttachment",
  plural: "volumeattachments",
  clusterScoped: true,
  needsVersion: true,
  hasStatus: true,
  description: "A volume is to be attached to a node.",
  fields: {
    spec: object(
      "What, where, by whom.",
      {
        attacher: text("Who attaches it."),
        nodeName: text("The node."),
        source: object("The volume.", {
          persistentVolumeName: text("Name of the volume."),
          inlineVolumeSpec: { ...volumeSpec, description: "The volume itself." },
        }),
      },
      ["attacher", "nodeName", "source"],
    ),
    status: object("What became of it.", {
      attached: flag("It is attached."),
      attachmentMetadata: textMap("What the driver said when it attached it."),
      attachError: attachError("Why it could not be attached."),
      detachError: attachError("Why it could not be detached."),
    }),
  },
  required: ["spec"],
  columns: [
    nameColumn,
    column("Attacher", "Who attaches it.", (it) => textAt(it, "spec", "attacher")),
    column("PV", "The volume.", (it) => textAt(it, "spec", "source", "persistentVolumeName")),
    column("Node", "The node.", (it) => textAt(it, "spec", "nodeName")),
    booleanColumn("Attached", "It is attached.", (it) => at(it, "status", "attached") === true),
    ageColumn,
  ],
  prepare: (object, { verb }) =>
    verb === "create" && !object.status ? { ...object, status: { attached: false } } : object,
  check: (object, { old, subresource }) =>
    old && !subresource && !equalJson(object.spec, old.spec) ? [forbidden("spec", "field is immutable")] : [],
};

export const storageCapacity: KindDefinition = {
  group,
  kind: "CSIStorageCapacity",
  plural: "csistoragecapacities",
  needsVersion: true,
  description: "How much room a driver has for a class, in a part of the cluster.",
  fields: {
    nodeTopology: anything("The part of the cluster, by labels of nodes."),
    storageClassName: text("The class."),
    capacity: quantity("The room there is."),
    maximumVolumeSize: quantity("The largest volume that can be made."),
  },
  required: ["storageClassName"],
  columns: [
    nameColumn,
    column("StorageClassName", "The class.", (it) => textAt(it, "storageClassName")),
    column("Capacity", "The room there is.", (it) => textAt(it, "capacity")),
    ageColumn,
  ],
};
