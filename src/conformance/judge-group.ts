import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Snapshot } from "../csi/gen/csi_pb.js";
import type { Group } from "./groups.ts";

/** What is wrong with the members of an answer: exactly one snapshot for each volume, with a handle of its own. */
export function objectionsToMembers(group: Group, volumeIds: readonly string[]): readonly string[] {
  const { snapshots } = group;
  const counted = (id: string) => snapshots.filter(({ sourceVolumeId }) => sourceVolumeId === id).length;
  const handles = snapshots.map(({ snapshotId }) => snapshotId);
  const foreign = snapshots.filter(({ sourceVolumeId }) => !volumeIds.includes(sourceVolumeId));
  return [
    ...volumeIds.filter((id) => counted(id) === 0).map((id) => `volume ${id} has no snapshot in the group`),
    ...volumeIds.filter((id) => counted(id) > 1).map((id) => `volume ${id} has ${counted(id)} snapshots in the group`),
    ...foreign.map(({ snapshotId, sourceVolumeId }) =>
      sourceVolumeId === ""
        ? `snapshot ${snapshotId} has no source_volume_id`
        : `snapshot ${snapshotId} is of volume ${sourceVolumeId}, which was not asked for`,
    ),
    ...(handles.includes("") ? ["a snapshot has no snapshot_id"] : []),
    ...twice(handles).map((id) => `snapshot_id ${id} stands in the group twice`),
    ...snapshots
      .filter(({ sizeBytes }) => sizeBytes < 0n)
      .map(({ snapshotId, sizeBytes }) => `snapshot ${snapshotId} has the negative size_bytes ${sizeBytes}`),
  ];
}

const twice = (ids: readonly string[]) => [...new Set(ids.filter((id, i) => id !== "" && ids.indexOf(id) !== i))];

/** What is wrong with the ids by which an answer and its members belong together. */
export function objectionsToGroupIds({ groupSnapshotId, snapshots }: Group): readonly string[] {
  if (groupSnapshotId === "") return ["the group has no group_snapshot_id"];
  return snapshots
    .filter((snapshot) => snapshot.groupSnapshotId !== groupSnapshotId)
    .map(
      (snapshot) =>
        `snapshot ${snapshot.snapshotId} has ${named(snapshot.groupSnapshotId)}, the group has ${named(groupSnapshotId)}`,
    );
}

const named = (id: string) => (id === "" ? "no group_snapshot_id" : `group_snapshot_id ${id}`);

/** What is wrong with the times of an answer: each is there and is one. */
export function objectionsToTimes({ creationTime, snapshots }: Group): readonly string[] {
  return [
    ...objectionToTime(creationTime, "the group"),
    ...snapshots.flatMap((snapshot) => objectionToTime(snapshot.creationTime, `snapshot ${snapshot.snapshotId}`)),
  ];
}

function objectionToTime(time: Timestamp | undefined, whose: string): readonly string[] {
  if (time === undefined || (time.seconds === 0n && time.nanos === 0)) return [`${whose} has no creation_time`];
  if (time.seconds < 0n || time.nanos < 0 || time.nanos >= 1e9)
    return [`${whose} has a creation_time that is no time: ${time.seconds} s and ${time.nanos} ns`];
  return [];
}

/** How far the times of the members lie apart, in seconds; the group's own counts as well. */
export function spreadSeconds({ creationTime, snapshots }: Group): number {
  const times = [creationTime, ...snapshots.map((snapshot) => snapshot.creationTime)].flatMap((time) =>
    time ? [Number(time.seconds) + time.nanos / 1e9] : [],
  );
  return times.length === 0 ? 0 : Math.max(...times) - Math.min(...times);
}

/** What is wrong with what an answer says of being ready. */
export function objectionsToReady({ readyToUse, snapshots }: Group): readonly string[] {
  if (!readyToUse) return [];
  return snapshots
    .filter((snapshot) => !snapshot.readyToUse)
    .map(({ snapshotId }) => `the group says that it is ready to use, but its snapshot ${snapshotId} is not`);
}

/** How two answers differ that should tell of the same group. */
export function differences(first: Group, again: Group): readonly string[] {
  const members = (group: Group) => group.snapshots.map(memberOf).toSorted().join(", ");
  return [
    ...differing("group_snapshot_id", first.groupSnapshotId, again.groupSnapshotId),
    ...differing("snapshots", members(first), members(again)),
    ...differing("creation_time", timeOf(first.creationTime), timeOf(again.creationTime)),
  ];
}

const memberOf = ({ snapshotId, sourceVolumeId }: Snapshot) => `${snapshotId} of ${sourceVolumeId}`;
const timeOf = (time: Timestamp | undefined) => (time ? `${time.seconds} s and ${time.nanos} ns` : "none");
const differing = (what: string, first: string, again: string) =>
  first === again ? [] : [`${what} was ${first || "empty"}, and is then ${again || "empty"}`];
