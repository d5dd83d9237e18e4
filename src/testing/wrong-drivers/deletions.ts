import type { Csi } from "../../csi/client.ts";
import type { Snapshot } from "../../csi/gen/csi_pb.js";
import type { CsiHandlers } from "../../csi/server.ts";
import { Failure, isFailure } from "../../lib/failure.ts";
import { call, type Vice } from "./vice.ts";

/** Too little is deleted, or too much. */
export const deletionVices: readonly Vice[] = [
  {
    does: "says NOT_FOUND for a group that is gone",
    caughtBy: ["delete/idempotent", "delete/unknown"],
    wrong: (csi) => ({
      groupController: {
        async deleteVolumeGroupSnapshot(request) {
          const { groupSnapshotId } = request;
          if (groupSnapshotId !== "") await csi.groupController.getVolumeGroupSnapshot({ groupSnapshotId }, call);
          return csi.groupController.deleteVolumeGroupSnapshot(request, call);
        },
      },
    }),
  },
  {
    does: "deletes a group and keeps its snapshots",
    caughtBy: ["delete/members"],
    wrong: keepsSnapshots,
  },
  {
    does: "deletes whatever snapshots it is told with a group",
    caughtBy: ["delete/mismatch"],
    wrong: (csi) => ({
      groupController: {
        async deleteVolumeGroupSnapshot(request) {
          for (const snapshotId of request.snapshotIds) {
            const { entries } = await csi.controller.listSnapshots({ snapshotId }, call);
            for (const { snapshot } of entries)
              await csi.groupController.deleteVolumeGroupSnapshot(
                { groupSnapshotId: snapshot?.groupSnapshotId ?? "" },
                call,
              );
          }
          return csi.groupController.deleteVolumeGroupSnapshot({ ...request, snapshotIds: [] }, call);
        },
      },
    }),
  },
  {
    does: "deletes the oldest group with each other one",
    caughtBy: ["delete/only-its-own"],
    wrong: (csi) => ({
      groupController: {
        async deleteVolumeGroupSnapshot(request) {
          const answer = await csi.groupController.deleteVolumeGroupSnapshot(request, call);
          const { entries } = await csi.controller.listSnapshots({}, call);
          const oldest = entries[0]?.snapshot?.groupSnapshotId;
          if (oldest) await csi.groupController.deleteVolumeGroupSnapshot({ groupSnapshotId: oldest }, call);
          return answer;
        },
      },
    }),
  },
  {
    does: "says FAILED_PRECONDITION for a member that is deleted alone",
    caughtBy: ["delete/one-member"],
    wrong: (csi) => ({
      controller: {
        deleteSnapshot: (request) =>
          csi.controller.deleteSnapshot(request, call).catch((error: unknown) => {
            if (isFailure(error, "invalid")) throw new Failure("precondition", error.message);
            throw error;
          }),
      },
    }),
  },
];

/** They are listed, for whoever asks for one. */
function keepsSnapshots(csi: Csi): CsiHandlers {
  const kept = new Map<string, Snapshot>();
  return {
    controller: {
      async listSnapshots(request) {
        const snapshot = kept.get(request.snapshotId);
        return snapshot ? { entries: [{ snapshot }] } : csi.controller.listSnapshots(request, call);
      },
    },
    groupController: {
      async deleteVolumeGroupSnapshot(request) {
        const { groupSnapshotId } = request;
        const { entries } = await csi.controller.listSnapshots({}, call);
        const answer = await csi.groupController.deleteVolumeGroupSnapshot(request, call);
        for (const { snapshot } of entries)
          if (snapshot?.groupSnapshotId === groupSnapshotId) kept.set(snapshot.snapshotId, snapshot);
        return answer;
      },
    },
  };
}
