import { Failure } from "../../lib/failure.ts";
import type { JsonObject } from "../../lib/json.ts";
import { alphaListAnnotations } from "../annotations.ts";
import { packed, unpacked } from "./convert-lists.ts";
import { carryMembers, fetchMembers, membersToPairs, pairsToMembers } from "./convert-members.ts";
import { type Step, through } from "./convert-parts.ts";
import { renewSource, restoreSource } from "./convert-source.ts";
import { momentToNanoseconds, nanosecondsToMoment } from "./convert-time.ts";
import { groupClasses, groupContents, groupSnapshotGroup, groupSnapshots } from "./resources.ts";
import { type GroupVersion, groupVersions } from "./versions.ts";

/** How one kind differs between the versions: the way up to the newest one, and the way down from it. */
type Ways = Readonly<Partial<Record<GroupVersion, { readonly up: readonly Step[]; readonly down: readonly Step[] }>>>;

/** v1alpha1 listed the members of a group by reference, under two names in turn. */
const groupLists = [
  { field: "pvcVolumeSnapshotRefList", annotation: alphaListAnnotations.claimsWithSnapshots },
  { field: "volumeSnapshotRefList", annotation: alphaListAnnotations.snapshots },
];
const contentLists = [
  { field: "pvVolumeSnapshotContentList", annotation: alphaListAnnotations.volumesWithContents },
  { field: "volumeSnapshotContentRefList", annotation: alphaListAnnotations.contents },
];

const waysOf: Readonly<Record<string, Ways>> = {
  [groupSnapshots.kind]: {
    v1alpha1: { up: [packed(groupLists)], down: [unpacked(groupLists)] },
  },
  [groupContents.kind]: {
    v1alpha1: {
      up: [renewSource, packed(contentLists), nanosecondsToMoment, fetchMembers],
      down: [carryMembers, momentToNanoseconds, unpacked(contentLists), restoreSource],
    },
    v1beta1: { up: [pairsToMembers], down: [membersToPairs] },
  },
  [groupClasses.kind]: {},
};

/**
 * The object in another version of its kind. What that version has no field for is carried by annotations, so that the way
 * back gives the same object again; fields that nobody knows are kept.
 *
 * @param toVersion v1alpha1, v1beta1, v1beta2 or v1
 * @throws Failure "invalid" for another group, kind or version, and for fields that no schema of ours lets in
 */
export function convertGroupObject(object: JsonObject, toVersion: string): JsonObject {
  const { kind, ways, version } = parseHead(object);
  const target = groupVersions.find((known) => known === toVersion);
  if (!target) throw unknownVersion(kind, toVersion);
  if (version === target) return object;
  const steps = [...(ways[version]?.up ?? []), ...(ways[target]?.down ?? [])];
  const converted = steps.length > 0 ? through(object, ...steps) : object;
  return { ...converted, apiVersion: `${groupSnapshotGroup}/${target}` };
}

function parseHead({ apiVersion, kind }: JsonObject) {
  if (typeof apiVersion !== "string" || typeof kind !== "string")
    throw new Failure("invalid", "cannot convert an object without apiVersion and kind; send a whole object");
  const ways = Object.hasOwn(waysOf, kind) ? waysOf[kind] : undefined;
  const [group, name, ...more] = apiVersion.split("/");
  if (group !== groupSnapshotGroup || more.length > 0 || !ways)
    throw new Failure(
      "invalid",
      `cannot convert ${kind} of ${apiVersion}: only ${Object.keys(waysOf).join(", ")} of ${groupSnapshotGroup} are known`,
    );
  const version = groupVersions.find((known) => known === name);
  if (!version) throw unknownVersion(kind, name ?? "");
  return { kind, ways, version };
}

const unknownVersion = (kind: string, version: string) =>
  new Failure(
    "invalid",
    `cannot convert ${kind}: version "${version}" is not known; there are ${groupVersions.join(", ")}`,
  );
