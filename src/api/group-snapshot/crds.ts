import type { Resource } from "../../kube/object.ts";
import { age, type Crd, type CrdColumn, type CrdVersion, column, crd, withStatus } from "../crd.ts";
import type { Schema } from "../schema.ts";
import { classColumns } from "../snapshot/crds.ts";
import { groupContentSchema } from "./content-schema.ts";
import { groupClasses, groupContents, groupSnapshots } from "./resources.ts";
import { groupClassSchema, groupSnapshotSchema } from "./schema.ts";
import { deprecatedGroupVersions, type GroupVersion, groupVersions, storedGroupVersion } from "./versions.ts";

const approved = "https://github.com/kubernetes-csi/external-snapshotter/pull/1337";

interface Parts {
  readonly resource: Resource;
  readonly shortNames: readonly string[];
  readonly columns: readonly CrdColumn[];
  readonly hasStatus: boolean;
  readonly schemaOf: (version: GroupVersion) => Schema;
}

function groupCrd({ resource, shortNames, columns, hasStatus, schemaOf }: Parts): Crd {
  const versionOf = (name: GroupVersion): CrdVersion => ({
    name,
    served: true,
    storage: name === storedGroupVersion,
    ...(deprecatedGroupVersions.includes(name) && {
      deprecated: true,
      deprecationWarning: `${resource.group}/${name} ${resource.kind} is deprecated; use ${resource.group}/${resource.version}`,
    }),
    additionalPrinterColumns: [...columns, age],
    schema: { openAPIV3Schema: schemaOf(name) },
    ...(hasStatus && withStatus),
  });
  return crd({ resource, shortNames, approved, versions: groupVersions.map(versionOf) });
}

export const groupSnapshotCrds: readonly Crd[] = [
  groupCrd({
    resource: groupSnapshots,
    shortNames: ["vgs"],
    columns: [
      column("ReadyToUse", "status.readyToUse", "boolean"),
      column("VolumeGroupSnapshotClass", "spec.volumeGroupSnapshotClassName"),
      column("VolumeGroupSnapshotContent", "status.boundVolumeGroupSnapshotContentName"),
      column("CreationTime", "status.creationTime", "date"),
    ],
    hasStatus: true,
    schemaOf: groupSnapshotSchema,
  }),
  groupCrd({
    resource: groupContents,
    shortNames: ["vgsc", "vgscs"],
    columns: [
      column("ReadyToUse", "status.readyToUse", "boolean"),
      column("DeletionPolicy", "spec.deletionPolicy"),
      column("Driver", "spec.driver"),
      column("VolumeGroupSnapshotClass", "spec.volumeGroupSnapshotClassName"),
      column("VolumeGroupSnapshotNamespace", "spec.volumeGroupSnapshotRef.namespace"),
      column("VolumeGroupSnapshot", "spec.volumeGroupSnapshotRef.name"),
    ],
    hasStatus: true,
    schemaOf: groupContentSchema,
  }),
  groupCrd({
    resource: groupClasses,
    shortNames: ["vgsclass", "vgsclasses"],
    columns: classColumns,
    hasStatus: false,
    schemaOf: groupClassSchema,
  }),
];
