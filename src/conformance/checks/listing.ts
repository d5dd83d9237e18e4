import type { Snapshot } from "../../csi/gen/csi_pb.js";
import { type Check, forGroups } from "../check.ts";
import { aGroup, cut, type Group, listSnapshots } from "../groups.ts";
import type { Lab } from "../lab.ts";

/** Members are ordinary snapshots to whoever asks for them. */
export const listing: readonly Check[] = [
  {
    name: "list/members",
    claim: "ListSnapshots lists each member of two groups, by its id, by its volume, and on pages of one entry",
    spec: "ListSnapshots, Snapshot group_snapshot_id",
    needs: [...forGroups, "lists"],
    async run(lab) {
      const groups = [await cut(lab, await aGroup(lab)), await cut(lab, await aGroup(lab))];
      const violations: string[] = [];
      for (const group of groups)
        for (const member of group.snapshots) violations.push(...(await objectionsToLists(lab, group, member)));
      return { violations };
    },
  },
  {
    name: "get-snapshot/members",
    claim: "GetSnapshot tells of each member what the group told",
    spec: "GetSnapshot, Snapshot group_snapshot_id",
    needs: [...forGroups, "getsOne"],
    async run(lab) {
      const group = await cut(lab, await aGroup(lab));
      const violations: string[] = [];
      for (const { snapshotId } of group.snapshots) {
        const { snapshot } = await lab.driver.controller.getSnapshot({ snapshotId });
        violations.push(...objectionsTo(group, snapshotId, snapshot ? [snapshot] : [], "GetSnapshot"));
      }
      return { violations };
    },
  },
];

async function objectionsToLists({ driver }: Lab, group: Group, member: Snapshot): Promise<readonly string[]> {
  const { snapshotId, sourceVolumeId } = member;
  const violations: string[] = [];
  const filters = { "by snapshot_id": { snapshotId }, "by source_volume_id": { sourceVolumeId } };
  for (const [how, filter] of Object.entries(filters)) {
    const found = (await listSnapshots(driver, filter)).filter((each) => each.snapshotId === snapshotId);
    violations.push(...objectionsTo(group, snapshotId, found, `ListSnapshots ${how}`));
  }
  const paged = await listSnapshots(driver, { sourceVolumeId, maxEntries: 1 });
  if (!paged.some((each) => each.snapshotId === snapshotId))
    violations.push(`snapshot ${snapshotId} is on none of the pages of one entry`);
  return violations;
}

/** What is wrong with what was found of a member: not just once, or not what the group told. */
function objectionsTo(
  { groupSnapshotId, snapshots }: Group,
  snapshotId: string,
  found: readonly Snapshot[],
  where: string,
): readonly string[] {
  const [seen] = found;
  if (seen === undefined) return [`snapshot ${snapshotId} is missing from ${where}`];
  const told = snapshots.find((snapshot) => snapshot.snapshotId === snapshotId);
  return [
    ...(found.length > 1 ? [`${where} has snapshot ${snapshotId} ${found.length} times`] : []),
    ...differing("source_volume_id", told?.sourceVolumeId, seen.sourceVolumeId),
    ...differing("group_snapshot_id", groupSnapshotId, seen.groupSnapshotId),
    ...differing("snapshot_id", snapshotId, seen.snapshotId),
    ...(told?.creationTime ? differing("creation_time", secondsOf(told), secondsOf(seen)) : []),
  ].map((what) => (what.startsWith(where) ? what : `${where}, snapshot ${snapshotId}: ${what}`));
}

const differing = (what: string, told: string | undefined, seen: string) =>
  told === seen ? [] : [`${what} is ${seen || "empty"}, and was ${told || "empty"}`];
const secondsOf = (snapshot: Snapshot | undefined) =>
  snapshot?.creationTime ? `${snapshot.creationTime.seconds} s and ${snapshot.creationTime.nanos} ns` : "";
