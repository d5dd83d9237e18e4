import { equalJson, type JsonObject } from "../../lib/json.ts";
import { forbidden, invalid, required } from "../schema/messages.ts";
import { parseQuantity } from "../schema/quantity.ts";
import type { Schema } from "../schema/schema.ts";
import { attributesClassOf, modeErrors, modesText, volumeMode } from "./claim.ts";
import { ageColumn, column, nameColumn, wideColumn } from "./columns.ts";
import type { KindDefinition } from "./define.ts";
import {
  anything,
  flag,
  object,
  objectReference,
  oneOf,
  quantities,
  secretReference,
  text,
  textMap,
  texts,
  time,
  withDefault,
} from "./fields.ts";
import type { AdmitRequest, FieldError } from "./kind.ts";
import { nodeAffinity } from "./node-affinity.ts";
import { at, objectAt, textAt, textsAt, withField } from "./read.ts";

const csiSource: Schema = object(
  "A volume that a CSI driver serves.",
  {
    driver: text("Name of the driver."),
    volumeHandle: text("What the driver calls the volume."),
    readOnly: flag("The volume is published read-only."),
    fsType: text("The filesystem on it."),
    volumeAttributes: textMap("What the driver said of the volume when it made it."),
    controllerPublishSecretRef: secretReference("Secret for publishing to nodes."),
    nodeStageSecretRef: secretReference("Secret for staging."),
    nodePublishSecretRef: secretReference("Secret for publishing."),
    controllerExpandSecretRef: secretReference("Secret for expansion."),
    nodeExpandSecretRef: secretReference("Secret for expansion on the node."),
  },
  ["driver", "volumeHandle"],
);

/** Of these a volume has exactly one. All but csi and hostPath are kept as they come. */
const sources: Readonly<Record<string, Schema>> = {
  hostPath: object("A folder of the node.", { path: text("The folder."), type: text("What must be there.") }, ["path"]),
  local: object("A disk of the node.", { path: text("Where it is."), fsType: text("The filesystem on it.") }, ["path"]),
  nfs: object(
    "An NFS export.",
    { server: text("Its server."), path: text("Its path."), readOnly: flag("Mount it read-only.") },
    ["path", "server"],
  ),
  iscsi: anything("An iSCSI disk."),
  fc: anything("A Fibre Channel disk."),
  rbd: anything("A Ceph block device."),
  cephfs: anything("A Ceph filesystem."),
  flexVolume: anything("A volume of a flex driver."),
  awsElasticBlockStore: anything("An EBS disk."),
  gcePersistentDisk: anything("A GCE disk."),
  azureDisk: anything("An Azure disk."),
  azureFile: anything("An Azure file share."),
  vsphereVolume: anything("A vSphere disk."),
  portworxVolume: anything("A Portworx volume."),
  glusterfs: anything("A Gluster volume."),
  cinder: anything("A Cinder disk."),
  flocker: anything("A Flocker volume."),
  quobyte: anything("A Quobyte volume."),
  photonPersistentDisk: anything("A Photon disk."),
  scaleIO: anything("A ScaleIO volume."),
  storageos: anything("A StorageOS volume."),
  csi: csiSource,
};

export const volumeSpec: Schema = object("What the volume is.", {
  ...sources,
  capacity: quantities("How large it is."),
  accessModes: texts("How it can be used."),
  claimRef: { ...objectReference("The claim it serves."), "x-kubernetes-map-type": "granular" },
  persistentVolumeReclaimPolicy: oneOf(
    "What becomes of it after its claim.",
    ["Retain", "Delete", "Recycle"],
    "Retain",
  ),
  storageClassName: text("The class it belongs to."),
  mountOptions: texts("How it is mounted."),
  volumeMode: volumeMode("Filesystem or Block."),
  nodeAffinity,
  volumeAttributesClassName: text("The class of attributes that can be changed later."),
});

export const volume: KindDefinition = {
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  shortNames: ["pv"],
  clusterScoped: true,
  description: "A piece of storage.",
  hasStatus: true,
  fields: {
    spec: withDefault(volumeSpec, {}),
    status: object("What became of it.", {
      phase: text("Pending, Available, Bound, Released or Failed."),
      message: text("Why, for people."),
      reason: text("Why, in one word."),
      lastPhaseTransitionTime: time("When the phase last changed."),
    }),
  },
  columns: [
    nameColumn,
    column("Capacity", "How large it is.", (it) => textAt(it, "spec", "capacity", "storage")),
    column("Access Modes", "How it can be used.", (it) => modesText(textsAt(it, "spec", "accessModes"))),
    column("Reclaim Policy", "What becomes of it after its claim.", (it) =>
      textAt(it, "spec", "persistentVolumeReclaimPolicy"),
    ),
    column("Status", "Pending, Available, Bound, Released, Failed or Terminating.", phaseOf),
    column("Claim", "The claim it serves.", claimText),
    column("StorageClass", "The class it belongs to.", (it) => textAt(it, "spec", "storageClassName")),
    column("VolumeAttributesClass", "The class of its attributes.", attributesClassOf),
    column("Reason", "Why it is in this state.", (it) => textAt(it, "status", "reason")),
    ageColumn,
    wideColumn("VolumeMode", "Filesystem or Block.", (it) => textAt(it, "spec", "volumeMode")),
  ],
  prepare: (object, { verb, now }) =>
    verb === "create"
      ? withField(object, "status", { phase: "Pending", lastPhaseTransitionTime: timestamp(now) })
      : object,
  check: volumeErrors,
};

const timestamp = (now: Date) => now.toISOString().replace(/\.\d+Z$/, "Z");

function phaseOf(volume: JsonObject): string {
  return at(volume, "metadata", "deletionTimestamp") === undefined ? textAt(volume, "status", "phase") : "Terminating";
}

function claimText(volume: JsonObject): string {
  const claim = objectAt(volume, "spec", "claimRef");
  return textAt(claim, "name") === "" ? "" : `${textAt(claim, "namespace")}/${textAt(claim, "name")}`;
}

function volumeErrors(volume: JsonObject, { old, subresource }: AdmitRequest): readonly FieldError[] {
  if (subresource === "status") return [];
  const spec = objectAt(volume, "spec");
  const errors = [...capacityErrors(spec), ...modeErrors(textsAt(spec, "accessModes")), ...sourceErrors(spec)];
  return old ? [...errors, ...updateErrors(spec, objectAt(old, "spec"))] : errors;
}

function capacityErrors(spec: JsonObject): readonly FieldError[] {
  const storage = at(spec, "capacity", "storage");
  if (storage === undefined) return [required("spec.capacity")];
  const amount = parseQuantity(String(storage));
  return !amount || amount.nano > 0n ? [] : [invalid("spec.capacity[storage]", storage, "must be greater than zero")];
}

const sourcesOf = (spec: JsonObject) => Object.keys(sources).filter((name) => spec[name] !== undefined);

function sourceErrors(spec: JsonObject): readonly FieldError[] {
  const [first, ...more] = sourcesOf(spec);
  if (first === undefined) return [required("spec", "must specify a volume type")];
  const errors = more.map((name) => forbidden(`spec.${name}`, "may not specify more than 1 volume type"));
  if (first !== "csi") return errors;
  const empty = ["driver", "volumeHandle"].filter((field) => textAt(spec, "csi", field) === "");
  return [...errors, ...empty.map((field) => required(`spec.csi.${field}`))];
}

function updateErrors(spec: JsonObject, old: JsonObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  const isSame = (name: string) => equalJson(withoutSecrets(spec, name), withoutSecrets(old, name));
  if (!Object.keys(sources).every(isSame))
    errors.push(forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation"));
  if (!equalJson(spec.volumeMode, old.volumeMode))
    errors.push(invalid("volumeMode", spec.volumeMode, "field is immutable"));
  return errors;
}

/** The secret for expansion may be set later; everything else of a source is for good. */
function withoutSecrets(spec: JsonObject, name: string) {
  if (name !== "csi" || spec.csi === undefined) return spec[name];
  const { controllerExpandSecretRef: _expand, ...rest } = objectAt(spec, "csi");
  return rest;
}
