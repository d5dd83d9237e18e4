import { age, type Crd, type CrdColumn, type CrdVersion, column, crd, withStatus } from "../crd.ts";
import type { Schema } from "../schema.ts";
import { classes, contents, snapshots } from "./resources.ts";
import { classSchema, contentSchema, snapshotSchema } from "./schema.ts";

const approved = "https://github.com/kubernetes-csi/external-snapshotter/pull/814";

/**
 * Clusters that have kept objects in v1beta1 name it among their stored versions, and then refuse a definition without
 * it; so it is listed, and not served.
 */
const v1beta1: CrdVersion = {
  name: "v1beta1",
  served: false,
  storage: false,
  deprecated: true,
  schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
};

function v1(schema: Schema, columns: readonly CrdColumn[]): CrdVersion {
  return {
    name: "v1",
    served: true,
    storage: true,
    additionalPrinterColumns: [...columns, age],
    schema: { openAPIV3Schema: schema },
  };
}

const snapshotColumns = [
  column("ReadyToUse", "status.readyToUse", "boolean"),
  column("SourcePVC", "spec.source.persistentVolumeClaimName"),
  column("SourceSnapshotContent", "spec.source.volumeSnapshotContentName"),
  column("RestoreSize", "status.restoreSize"),
  column("SnapshotClass", "spec.volumeSnapshotClassName"),
  column("SnapshotContent", "status.boundVolumeSnapshotContentName"),
  column("CreationTime", "status.creationTime", "date"),
];

const contentColumns = [
  column("ReadyToUse", "status.readyToUse", "boolean"),
  column("RestoreSize", "status.restoreSize", "integer"),
  column("DeletionPolicy", "spec.deletionPolicy"),
  column("Driver", "spec.driver"),
  column("VolumeSnapshotClass", "spec.volumeSnapshotClassName"),
  column("VolumeSnapshot", "spec.volumeSnapshotRef.name"),
  column("VolumeSnapshotNamespace", "spec.volumeSnapshotRef.namespace"),
];

export const classColumns = [column("Driver", "driver"), column("DeletionPolicy", "deletionPolicy")];

export const snapshotCrds: readonly Crd[] = [
  crd({
    resource: snapshots,
    shortNames: ["vs"],
    approved,
    versions: [{ ...v1(snapshotSchema, snapshotColumns), ...withStatus }, v1beta1],
  }),
  crd({
    resource: contents,
    shortNames: ["vsc", "vscs"],
    approved,
    versions: [{ ...v1(contentSchema, contentColumns), ...withStatus }, v1beta1],
  }),
  crd({
    resource: classes,
    shortNames: ["vsclass", "vsclasses"],
    approved,
    versions: [v1(classSchema({ of: "snapshots", mutable: true }), classColumns), v1beta1],
  }),
];
