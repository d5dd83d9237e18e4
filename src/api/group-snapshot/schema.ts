import {
  atomic,
  boolean,
  exactlyOne,
  fixed,
  kept,
  list,
  moment,
  object,
  type Properties,
  root,
  type Schema,
  text,
} from "../schema.ts";
import { classNameRule, classSchema, errorSchema, nameLimit } from "../snapshot/schema.ts";
import { selectorSchema } from "./selector-schema.ts";
import { type GroupVersion, isStrict } from "./versions.ts";

export function groupSnapshotSchema(version: GroupVersion): Schema {
  return root(
    "A snapshot of several volumes at one instant: a request by a user, fulfilled by a VolumeGroupSnapshotContent. " +
      "Its members are VolumeSnapshots that it owns.",
    {
      spec: object(
        {
          source: sourceSchema,
          volumeGroupSnapshotClassName: text({
            description:
              "The VolumeGroupSnapshotClass to use; left out, the default class of the volumes' driver is taken.",
            maxLength: nameLimit,
            rules: [classNameRule("volumeGroupSnapshotClassName")],
          }),
        },
        { description: "What is asked for.", required: ["source"] },
      ),
      status: object(
        {
          boundVolumeGroupSnapshotContentName: text({
            description: "The VolumeGroupSnapshotContent that fulfils the request.",
            rules: isStrict(version) ? [fixed("boundVolumeGroupSnapshotContentName")] : [],
          }),
          creationTime: moment({ description: "The one instant whose data all members hold." }),
          readyToUse: boolean({ description: "True once volumes can be made from every member." }),
          error: errorSchema,
          ...(version === "v1alpha1" && alphaMembers),
        },
        { description: "What has come of it." },
      ),
    },
    ["spec"],
  );
}

const sourceSchema = object(
  {
    selector: selectorSchema,
    volumeGroupSnapshotContentName: text({
      description: "The VolumeGroupSnapshotContent that stands for a group snapshot which exists already.",
      maxLength: nameLimit,
      rules: [fixed("source.volumeGroupSnapshotContentName")],
    }),
  },
  {
    description: "What the group is made of; exactly one field is set.",
    rules: [
      exactlyOne(
        "selector",
        "volumeGroupSnapshotContentName",
        "select the claims to snapshot together, or name the content of a group snapshot that exists",
      ),
      ...kept("selector", "volumeGroupSnapshotContentName"),
    ],
  },
);

const nameOnly = atomic(object({ name: text() }));
const wholeReference = atomic(
  object({
    apiVersion: text(),
    fieldPath: text(),
    kind: text(),
    name: text(),
    namespace: text(),
    resourceVersion: text(),
    uid: text(),
  }),
);

/** v1alpha1 listed the members in the status, under two names in turn. Later versions find them by their owner. */
const alphaMembers: Properties = {
  pvcVolumeSnapshotRefList: list(object({ persistentVolumeClaimRef: nameOnly, volumeSnapshotRef: nameOnly }), {
    description: "The claims, each with the VolumeSnapshot that holds its data.",
  }),
  volumeSnapshotRefList: list(wholeReference, { description: "The VolumeSnapshots that are members." }),
};

export function groupClassSchema(version: GroupVersion): Schema {
  return classSchema({ of: "group snapshots", mutable: !isStrict(version) });
}
