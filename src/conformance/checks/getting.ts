import { type Check, forGroups } from "../check.ts";
import { aGroup, cut, type Group, getGroup } from "../groups.ts";
import { differences, objectionsToGroupIds, objectionsToReady } from "../judge-group.ts";
import { nameOf } from "../lab.ts";
import { objectionsToMismatch } from "../mismatch.ts";
import { objectionsToRefusal } from "../refusal.ts";

const spec = "GetVolumeGroupSnapshot";

export const getting: readonly Check[] = [
  {
    name: "get/group",
    claim: "GetVolumeGroupSnapshot tells of a group what its create told",
    spec,
    needs: forGroups,
    async run(lab) {
      const group = await cut(lab, await aGroup(lab));
      const found = await getGroup(lab, group);
      return {
        violations: [...differences(group, found), ...differencesInGroupIds(group, found), ...objectionsToReady(found)],
      };
    },
  },
  {
    name: "get/unknown",
    claim: "a group snapshot that does not exist is NOT_FOUND",
    spec: `${spec} Errors`,
    needs: forGroups,
    async run(lab) {
      const request = { groupSnapshotId: nameOf(lab, "no-such-group"), snapshotIds: [nameOf(lab, "no-such-snapshot")] };
      const call = () =>
        lab.patience.untilDone(({ groupController }) => groupController.getVolumeGroupSnapshot(request));
      return { violations: await objectionsToRefusal(lab, { what: "an unknown group", codes: ["notFound"], call }) };
    },
  },
  {
    name: "get/mismatch",
    claim: "GetVolumeGroupSnapshot with the snapshot_ids of another group is refused with INVALID_ARGUMENT",
    spec: `${spec} Errors, snapshot list mismatch`,
    needs: forGroups,
    run: (lab) =>
      objectionsToMismatch(lab, "GetVolumeGroupSnapshot", ({ groupController }, request) =>
        groupController.getVolumeGroupSnapshot(request),
      ),
  },
];

/** A driver that leaves them out says so in every answer; that is for another check. */
function differencesInGroupIds(group: Group, found: Group): readonly string[] {
  return objectionsToGroupIds(group).length > 0 ? [] : objectionsToGroupIds(found);
}
