import { type Check, forGroups } from "../check.ts";
import { aGroup, cut, type Group, readyCut } from "../groups.ts";
import {
  objectionsToGroupIds,
  objectionsToMembers,
  objectionsToReady,
  objectionsToTimes,
  spreadSeconds,
} from "../judge-group.ts";

const spec = "CreateVolumeGroupSnapshot";

/** What the answer to a create has to hold. */
export const answering: readonly Check[] = [
  {
    name: "create/members",
    claim: "a group snapshot has exactly one snapshot of each volume, each with a snapshot_id of its own",
    spec,
    needs: forGroups,
    async run(lab) {
      const asked = await aGroup(lab);
      return { violations: objectionsToMembers(await cut(lab, asked), asked.volumeIds) };
    },
  },
  {
    name: "create/group-ids",
    claim: "a group snapshot and its members have one group_snapshot_id, which no other group has",
    spec,
    needs: forGroups,
    async run(lab) {
      const [first, second] = [await cut(lab, await aGroup(lab)), await cut(lab, await aGroup(lab))];
      return { violations: [...[first, second].flatMap(objectionsToGroupIds), ...shared(first, second)] };
    },
  },
  {
    name: "create/times",
    claim: "a group snapshot and each of its members have a creation_time",
    spec,
    needs: forGroups,
    async run(lab) {
      const group = await cut(lab, await aGroup(lab));
      const seconds = spreadSeconds(group);
      const notes = seconds > 0 ? [`the creation times lie ${seconds.toFixed(3)} s apart`] : [];
      return { violations: objectionsToTimes(group), notes };
    },
  },
  {
    name: "create/ready",
    claim: "a group snapshot becomes ready to use in time, together with all its members, and stays it",
    spec: `${spec}, ready_to_use`,
    needs: forGroups,
    async run(lab) {
      const asked = await aGroup(lab);
      const group = await readyCut(lab, asked);
      const again = await cut(lab, asked);
      const takenBack = again.readyToUse ? [] : ["the group was ready to use, and is then not"];
      return { violations: [...objectionsToReady(group), ...takenBack] };
    },
  },
];

function shared(first: Group, second: Group): readonly string[] {
  const before = new Set(first.snapshots.map(({ snapshotId }) => snapshotId));
  return [
    ...(first.groupSnapshotId === second.groupSnapshotId
      ? [`two groups of different names have the group_snapshot_id ${first.groupSnapshotId}`]
      : []),
    ...second.snapshots
      .filter(({ snapshotId }) => before.has(snapshotId))
      .map(({ snapshotId }) => `snapshot ${snapshotId} is in two groups of different names`),
  ];
}
