import type { Csi } from "../../csi/client.ts";
import type { CsiHandlers } from "../../csi/server.ts";
import { call, creates, type Group, honestGroup, type Vice } from "./vice.ts";

/** What is told of a group is wrong, while the group is not. */
export const answerVices: readonly Vice[] = [
  {
    does: "leaves a volume out of the group",
    caughtBy: ["create/members", "restore/data", "order"],
    wrong: tells((group) => ({
      ...group,
      snapshots: group.snapshots.length > 1 ? group.snapshots.slice(0, -1) : group.snapshots,
    })),
  },
  {
    does: "tells members without group_snapshot_id",
    caughtBy: ["create/group-ids"],
    wrong: tells((group) => ({
      ...group,
      snapshots: group.snapshots.map((snapshot) => ({ ...snapshot, groupSnapshotId: "" })),
    })),
  },
  {
    does: "tells members without creation_time",
    caughtBy: ["create/times"],
    wrong: tells((group) => ({
      ...group,
      snapshots: group.snapshots.map((snapshot) => omit(snapshot, "creationTime")),
    })),
  },
  {
    does: "calls a group ready to use while a member is not",
    caughtBy: ["create/ready"],
    wrong: (csi) =>
      creates(async (request) => {
        const group = await honestGroup(csi, request);
        return { ...group, snapshots: group.snapshots.map((snapshot) => ({ ...snapshot, readyToUse: false })) };
      }),
  },
];

function omit<T extends object, Name extends keyof T>(object: T, name: Name): Omit<T, Name> {
  const copy = { ...object };
  delete copy[name];
  return copy;
}

/** Creates and gets tell the same; what they are called with is not looked at, as it may be what was told. */
function tells(change: (group: Group) => Group) {
  return (csi: Csi): CsiHandlers => ({
    groupController: {
      createVolumeGroupSnapshot: async (request) => ({ groupSnapshot: change(await honestGroup(csi, request)) }),
      async getVolumeGroupSnapshot(request) {
        const asked = { ...request, snapshotIds: [] };
        const { groupSnapshot } = await csi.groupController.getVolumeGroupSnapshot(asked, call);
        return groupSnapshot ? { groupSnapshot: change(groupSnapshot) } : {};
      },
      deleteVolumeGroupSnapshot: (request) =>
        csi.groupController.deleteVolumeGroupSnapshot({ ...request, snapshotIds: [] }, call),
    },
  });
}
