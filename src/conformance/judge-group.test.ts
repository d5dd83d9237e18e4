import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type Snapshot, VolumeGroupSnapshotSchema } from "../csi/gen/csi_pb.js";
import {
  differences,
  objectionsToGroupIds,
  objectionsToMembers,
  objectionsToReady,
  objectionsToTimes,
  spreadSeconds,
} from "./judge-group.ts";

const at = (seconds: number, nanos = 0) => ({ seconds: BigInt(seconds), nanos });
type Change = Partial<Pick<Snapshot, "snapshotId" | "sourceVolumeId" | "sizeBytes" | "readyToUse" | "groupSnapshotId">>;

const member = (name: string, change: Change = {}) => ({
  snapshotId: `snap-${name}`,
  sourceVolumeId: name,
  sizeBytes: 1n,
  creationTime: at(5),
  readyToUse: true,
  groupSnapshotId: "group-1",
  ...change,
});

const group = (snapshots: readonly ReturnType<typeof member>[] = [member("a"), member("b")], change: object = {}) =>
  create(VolumeGroupSnapshotSchema, {
    groupSnapshotId: "group-1",
    snapshots: [...snapshots],
    creationTime: at(5),
    readyToUse: true,
    ...change,
  });

test("a group with one snapshot of each volume, of one time, ready as a whole, is beyond objection", () => {
  const good = group();
  const objections = [
    objectionsToMembers(good, ["b", "a"]),
    objectionsToGroupIds(good),
    objectionsToTimes(good),
    objectionsToReady(good),
    differences(good, group([member("b"), member("a")])),
  ];
  expect(objections.flat()).toEqual([]);
});

test.each([
  ["a volume without snapshot", [member("a")], "volume b has no snapshot in the group"],
  [
    "a volume with two",
    [member("a"), member("b"), member("b", { snapshotId: "snap-c" })],
    "volume b has 2 snapshots in the group",
  ],
  [
    "a foreign volume",
    [member("a"), member("b"), member("c")],
    "snapshot snap-c is of volume c, which was not asked for",
  ],
  [
    "no volume",
    [member("a"), member("b"), member("c", { sourceVolumeId: "" })],
    "snapshot snap-c has no source_volume_id",
  ],
  ["no handle", [member("a"), member("b", { snapshotId: "" })], "a snapshot has no snapshot_id"],
  [
    "a handle twice",
    [member("a"), member("b", { snapshotId: "snap-a" })],
    "snapshot_id snap-a stands in the group twice",
  ],
  ["a negative size", [member("a"), member("b", { sizeBytes: -1n })], "snapshot snap-b has the negative size_bytes -1"],
])("members of a group with %s are objected to", (_, snapshots, objection) => {
  expect(objectionsToMembers(group(snapshots), ["a", "b"])).toEqual([objection]);
});

test("a group id that is missing, or is another at a member, is objected to", () => {
  expect(objectionsToGroupIds(group([], { groupSnapshotId: "" }))).toEqual(["the group has no group_snapshot_id"]);
  const odd = group([member("a", { groupSnapshotId: "" }), member("b", { groupSnapshotId: "group-2" })]);
  expect(objectionsToGroupIds(odd)).toEqual([
    "snapshot snap-a has no group_snapshot_id, the group has group_snapshot_id group-1",
    "snapshot snap-b has group_snapshot_id group-2, the group has group_snapshot_id group-1",
  ]);
});

test.each([
  ["is absent", undefined, "the group has no creation_time"],
  ["is the beginning of time", at(0), "the group has no creation_time"],
  ["has too many nanoseconds", at(5, 1e9), "the group has a creation_time that is no time: 5 s and 1000000000 ns"],
])("a creation time that %s is objected to", (_, creationTime, objection) => {
  expect(objectionsToTimes(group([member("a")], { creationTime }))).toEqual([objection]);
});

test("how far the times of a group lie apart counts its own and its members'", () => {
  expect(spreadSeconds(group([member("a"), member("b")], { creationTime: at(6, 5e8) }))).toBe(1.5);
});

test("a group may be less ready than its members, and never more", () => {
  const oneIsNot = [member("a"), member("b", { readyToUse: false })];
  expect(objectionsToReady(group(oneIsNot, { readyToUse: false }))).toEqual([]);
  expect(objectionsToReady(group(oneIsNot))).toEqual([
    "the group says that it is ready to use, but its snapshot snap-b is not",
  ]);
});

test("another id, other members and another time are differences, what became ready meanwhile is none", () => {
  const other = group([member("a"), member("b", { snapshotId: "snap-x" })], {
    groupSnapshotId: "",
    creationTime: at(5, 1),
    readyToUse: false,
  });
  expect(differences(group(), other)).toEqual([
    "group_snapshot_id was group-1, and is then empty",
    "snapshots was snap-a of a, snap-b of b, and is then snap-a of a, snap-x of b",
    "creation_time was 5 s and 0 ns, and is then 5 s and 1 ns",
  ]);
});
