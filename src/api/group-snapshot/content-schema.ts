import {
  atomic,
  boolean,
  exactlyOne,
  fixed,
  int64,
  kept,
  list,
  moment,
  object,
  type Properties,
  root,
  type Schema,
  text,
} from "../schema.ts";
import { deletionPolicy, errorSchema, referenceFields } from "../snapshot/schema.ts";
import { type GroupVersion, isStrict } from "./versions.ts";

export function groupContentSchema(version: GroupVersion): Schema {
  const strictly = (field: string) => (isStrict(version) ? [fixed(field)] : []);
  return root(
    "One group snapshot on the storage: several volumes at one instant.",
    {
      spec: object(
        {
          driver: text({ description: "The CSI driver that keeps the group snapshot.", rules: strictly("driver") }),
          deletionPolicy,
          source: sourceSchema(version),
          volumeGroupSnapshotClassName: text({
            description: "The VolumeGroupSnapshotClass with the driver's parameters.",
            rules: strictly("volumeGroupSnapshotClassName"),
          }),
          volumeGroupSnapshotRef: referenceSchema(version),
        },
        {
          description: "What the storage is asked for.",
          required: ["deletionPolicy", "driver", "source", "volumeGroupSnapshotRef"],
        },
      ),
      status: object(
        {
          volumeGroupSnapshotHandle: text({
            description: "The group snapshot as the driver names it.",
            rules: strictly("status.volumeGroupSnapshotHandle"),
          }),
          creationTime: creationTime(version),
          readyToUse: boolean({ description: "True once the driver has said that every member can be restored." }),
          error: errorSchema,
          ...members(version),
        },
        { description: "What the driver has said." },
      ),
    },
    ["spec"],
  );
}

const remedy = "name the volumes to snapshot together, or the group snapshot that exists on the storage";
const sources = ["volumeHandles", "groupSnapshotHandles", "persistentVolumeNames", "volumeGroupSnapshotHandle"];
const oneOfAll = {
  rule: `[${sources.map((source) => `has(self.${source})`).join(", ")}].filter(isSet, isSet).size() == 1`,
  message: `exactly one of volumeHandles and groupSnapshotHandles must be set: ${remedy}`,
};

/** The first v1alpha1 named volumes otherwise. Its objects keep what they say, and no new ones are made of it. */
const oldSource: Properties = {
  persistentVolumeNames: list(text(), {
    description: "The PersistentVolumes that were to be snapshotted together, as of old; use volumeHandles.",
    rules: [fixed("source.persistentVolumeNames")],
  }),
  volumeGroupSnapshotHandle: text({
    description: "The group snapshot that exists already, as of old; use groupSnapshotHandles.",
    rules: [fixed("source.volumeGroupSnapshotHandle")],
  }),
};

const sourceSchema = (version: GroupVersion) =>
  object(
    {
      ...(version === "v1alpha1" && oldSource),
      volumeHandles: list(text(), {
        description: "The volumes that are to be snapshotted together.",
        rules: [fixed("source.volumeHandles")],
      }),
      groupSnapshotHandles: object(
        {
          volumeGroupSnapshotHandle: text({ description: "The group snapshot that exists on the storage." }),
          volumeSnapshotHandles: list(text(), { description: "Its members on the storage." }),
        },
        {
          description: "A group snapshot that exists already.",
          required: ["volumeGroupSnapshotHandle", "volumeSnapshotHandles"],
          rules: [fixed("source.groupSnapshotHandles")],
        },
      ),
    },
    {
      description: "Where the group snapshot comes from; exactly one field is set.",
      rules: [
        version === "v1alpha1" ? oneOfAll : exactlyOne("volumeHandles", "groupSnapshotHandles", remedy),
        ...kept("volumeHandles", "groupSnapshotHandles"),
      ],
    },
  );

/** The older the version, the more of the reference is fixed at creation; the newer ones let the uid be filled in once. */
function referenceSchema(version: GroupVersion): Schema {
  const description = "The VolumeGroupSnapshot this content belongs to. Its uid is set when the two are bound.";
  const options = { description, required: ["name", "namespace"] };
  if (version === "v1alpha1")
    return atomic(object(referenceFields, { ...options, rules: [fixed("volumeGroupSnapshotRef")] }));
  if (!isStrict(version)) return atomic(object(referenceFields, options));
  const bound = {
    rule: "!has(oldSelf.uid) || (has(self.uid) && self.uid == oldSelf.uid)",
    message: "volumeGroupSnapshotRef.uid cannot be changed once it is set: the content is bound to that object",
  };
  const named = {
    rule: "self.name == oldSelf.name && self.__namespace__ == oldSelf.__namespace__",
    message: "volumeGroupSnapshotRef.name and namespace cannot be changed; delete the object and create another",
  };
  return atomic(object(referenceFields, { ...options, rules: [named, bound] }));
}

function creationTime(version: GroupVersion): Schema {
  const description = "The one instant whose data all members hold";
  if (version === "v1alpha1") return int64({ description: `${description}, in nanoseconds since 1970.` });
  return moment({ description: `${description}.` });
}

const nameOnly = atomic(object({ name: text() }));
const volumeHandle = text({ description: "The volume that was snapshotted." });
const snapshotHandle = text({ description: "Its snapshot as the driver names it." });

/**
 * Each version but the last two has had another list of the members. While the API server converts by renaming alone, the
 * older ones carry the newest list as well: a write through them would drop it otherwise.
 */
function members(version: GroupVersion): Properties {
  const volumeSnapshotInfoList = list(object(info), { description: "What the driver has said of each member." });
  if (version === "v1alpha1") return { ...alphaMembers, volumeSnapshotInfoList };
  if (version === "v1beta1") return { ...betaMembers, volumeSnapshotInfoList };
  return { volumeSnapshotInfoList };
}

const alphaMembers: Properties = {
  pvVolumeSnapshotContentList: list(object({ persistentVolumeRef: nameOnly, volumeSnapshotContentRef: nameOnly }), {
    description: "The volumes, each with the VolumeSnapshotContent that holds its data.",
  }),
  volumeSnapshotContentRefList: list(atomic(object(referenceFields)), {
    description: "The VolumeSnapshotContents that are members.",
  }),
};

const betaMembers: Properties = {
  volumeSnapshotHandlePairList: list(
    object({ volumeHandle, snapshotHandle }, { required: ["snapshotHandle", "volumeHandle"] }),
    { description: "The volumes, each with its snapshot on the storage." },
  ),
};

const info: Properties = {
  volumeHandle,
  snapshotHandle,
  creationTime: int64({ description: "The instant whose data it holds, in nanoseconds since 1970." }),
  readyToUse: boolean({ description: "True once the driver has said that volumes can be made from it." }),
  restoreSize: int64({ description: "The smallest size of a volume made from it, in bytes." }),
};
