import {
  atomic,
  boolean,
  exactlyOne,
  fixed,
  int64,
  kept,
  mapOfText,
  moment,
  object,
  root,
  type Schema,
  text,
} from "../schema.ts";

/** Names of Kubernetes objects are no longer than this. */
export const nameLimit = 253;

const another = "delete the object and create another";

export const deletionPolicy = text({
  description: "What becomes of the snapshot on the storage when the object that asked for it is deleted.",
  oneOf: ["Delete", "Retain"],
});

export const errorSchema = object(
  {
    time: moment({ description: "When it happened." }),
    message: text({ description: "What happened, and what to do." }),
  },
  { description: "The last thing that went wrong; gone once it is mended." },
);

export const classNameRule = (field: string) => ({
  rule: "size(self) > 0",
  message: `${field} must not be empty: name a class, or leave the field out to get the default class`,
});

/** The fields of a reference to an object, each of them text. */
export const referenceFields = {
  apiVersion: text(),
  fieldPath: text(),
  kind: text(),
  name: text({ maxLength: nameLimit }),
  namespace: text({ maxLength: nameLimit }),
  resourceVersion: text(),
  uid: text({ maxLength: nameLimit }),
};

export const snapshotSchema: Schema = root(
  "A snapshot of one volume: a request by a user, fulfilled by a VolumeSnapshotContent.",
  {
    spec: object(
      {
        source: object(
          {
            persistentVolumeClaimName: text({
              description: "The claim, in the same namespace, whose volume is to be snapshotted.",
              maxLength: nameLimit,
              rules: [fixed("source.persistentVolumeClaimName")],
            }),
            volumeSnapshotContentName: text({
              description: "The VolumeSnapshotContent that stands for a snapshot which exists already.",
              maxLength: nameLimit,
              rules: [fixed("source.volumeSnapshotContentName")],
            }),
          },
          {
            description: "What the snapshot is made of; exactly one field is set.",
            rules: [
              exactlyOne(
                "persistentVolumeClaimName",
                "volumeSnapshotContentName",
                "name the claim to snapshot, or the content of a snapshot that exists",
              ),
              ...kept("persistentVolumeClaimName", "volumeSnapshotContentName"),
            ],
          },
        ),
        volumeSnapshotClassName: text({
          description: "The VolumeSnapshotClass to use; left out, the default class of the volume's driver is taken.",
          maxLength: nameLimit,
          rules: [classNameRule("volumeSnapshotClassName")],
        }),
      },
      { description: "What is asked for.", required: ["source"] },
    ),
    status: object(
      {
        boundVolumeSnapshotContentName: text({ description: "The VolumeSnapshotContent that fulfils the request." }),
        creationTime: moment({ description: "The instant whose data the snapshot holds." }),
        readyToUse: boolean({ description: "True once volumes can be made from the snapshot." }),
        restoreSize: {
          description: "The smallest size of a volume that is made from the snapshot.",
          type: "string",
          "x-kubernetes-int-or-string": true,
          pattern:
            "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$",
        },
        error: errorSchema,
        volumeGroupSnapshotName: text({ description: "The VolumeGroupSnapshot that this snapshot is a member of." }),
      },
      { description: "What has come of it." },
    ),
  },
  ["spec"],
);

export const contentSchema: Schema = root(
  "One snapshot on the storage, of one volume.",
  {
    spec: object(
      {
        driver: text({ description: "The CSI driver that keeps the snapshot." }),
        deletionPolicy,
        source: object(
          {
            volumeHandle: text({
              description: "The volume that is to be snapshotted.",
              rules: [fixed("source.volumeHandle")],
            }),
            snapshotHandle: text({
              description: "The snapshot that exists on the storage.",
              rules: [fixed("source.snapshotHandle")],
            }),
          },
          {
            description: "Where the snapshot comes from; exactly one field is set.",
            rules: [
              exactlyOne(
                "volumeHandle",
                "snapshotHandle",
                "name the volume to snapshot, or the snapshot that exists on the storage",
              ),
              ...kept("volumeHandle", "snapshotHandle"),
            ],
          },
        ),
        sourceVolumeMode: text({
          description: "How the volume was used: Block or Filesystem.",
          rules: [fixed("sourceVolumeMode")],
        }),
        volumeSnapshotClassName: text({ description: "The VolumeSnapshotClass with the driver's parameters." }),
        volumeSnapshotRef: atomic(
          object(referenceFields, {
            description: "The VolumeSnapshot this content belongs to. Its uid is set when the two are bound.",
            required: ["name", "namespace"],
          }),
        ),
      },
      {
        description: "What the storage is asked for.",
        required: ["deletionPolicy", "driver", "source", "volumeSnapshotRef"],
        rules: kept("sourceVolumeMode"),
      },
    ),
    status: object(
      {
        snapshotHandle: text({ description: "The snapshot as the driver names it." }),
        creationTime: int64({ description: "The instant whose data it holds, in nanoseconds since 1970." }),
        restoreSize: int64({ description: "The smallest size of a volume made from it, in bytes.", minimum: 0 }),
        readyToUse: boolean({ description: "True once the driver has said that volumes can be made from it." }),
        error: errorSchema,
        volumeGroupSnapshotHandle: text({ description: "The group on the storage that the snapshot is a member of." }),
      },
      { description: "What the driver has said." },
    ),
  },
  ["spec"],
);

/** Whether a class may be changed differs between kinds and versions. */
export function classSchema(options: { readonly of: string; readonly mutable: boolean }): Schema {
  const rules = (field: string) =>
    options.mutable ? [] : [{ rule: "self == oldSelf", message: `${field} of a class cannot be changed; ${another}` }];
  return root(
    `How ${options.of} of one CSI driver are made.`,
    {
      driver: text({ description: "The CSI driver.", rules: rules("driver") }),
      deletionPolicy: { ...deletionPolicy, ...ruled(rules("deletionPolicy")) },
      parameters: mapOfText({
        description: "Handed to the driver. Keys that begin with csi.storage.k8s.io/ name secrets and stay here.",
        rules: rules("parameters"),
      }),
    },
    ["deletionPolicy", "driver"],
  );
}

function ruled(rules: readonly { readonly rule: string; readonly message: string }[]): Schema {
  return rules.length ? { "x-kubernetes-validations": rules } : {};
}
