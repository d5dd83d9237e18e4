import { PluginCapability_Service_Type as Service } from "../../csi/gen/csi_pb.js";
import { Failure, isFailure } from "../../lib/failure.ts";
import { call, type Vice } from "./vice.ts";

/** What is there cannot be seen, or not as it is. */
export const viewVices: readonly Vice[] = [
  {
    does: "does not say that it has a group controller",
    caughtBy: ["capabilities"],
    wrong: (csi) => ({
      identity: {
        async getPluginCapabilities() {
          const { capabilities } = await csi.identity.getPluginCapabilities({}, call);
          const isGroup = ({ type }: (typeof capabilities)[number]) =>
            type.case === "service" && type.value.type === Service.GROUP_CONTROLLER_SERVICE;
          return { capabilities: capabilities.filter((capability) => !isGroup(capability)) };
        },
      },
    }),
  },
  {
    does: "leaves members of groups out of its list",
    caughtBy: ["list/members"],
    wrong: (csi) => ({
      controller: {
        async listSnapshots(request) {
          const { entries, nextToken } = await csi.controller.listSnapshots(request, call);
          return { entries: entries.filter(({ snapshot }) => snapshot?.groupSnapshotId === ""), nextToken };
        },
      },
    }),
  },
  {
    does: "lists one snapshot of a volume that has more",
    caughtBy: ["list/members"],
    wrong: (csi) => ({
      controller: {
        async listSnapshots(request) {
          const { entries, nextToken } = await csi.controller.listSnapshots(request, call);
          return request.sourceVolumeId ? { entries: entries.slice(0, 1) } : { entries, nextToken };
        },
      },
    }),
  },
  {
    does: "lists what it has deleted",
    caughtBy: ["clean-up"],
    wrong: (csi) => ({
      controller: {
        async listSnapshots(request) {
          const { entries, nextToken } = await csi.controller.listSnapshots(request, call);
          const { sourceVolumeId, maxEntries } = request;
          const ghost = { snapshotId: `deleted-${sourceVolumeId}`, sourceVolumeId, readyToUse: true };
          return sourceVolumeId && maxEntries === 0
            ? { entries: [...entries, { snapshot: ghost }], nextToken }
            : { entries, nextToken };
        },
      },
    }),
  },
  {
    does: "forgets in GetSnapshot that a snapshot is a member",
    caughtBy: ["get-snapshot/members"],
    wrong: (csi) => ({
      controller: {
        async getSnapshot(request) {
          const { snapshot } = await csi.controller.getSnapshot(request, call);
          return snapshot ? { snapshot: { ...snapshot, groupSnapshotId: "" } } : {};
        },
      },
    }),
  },
  {
    does: "tells in GetVolumeGroupSnapshot another time than it told",
    caughtBy: [
      "get/group",
      "create/other-volumes",
      "get/mismatch",
      "delete/only-its-own",
      "delete/mismatch",
      "delete/one-member",
    ],
    wrong: (csi) => ({
      groupController: {
        async getVolumeGroupSnapshot(request) {
          const { groupSnapshot } = await csi.groupController.getVolumeGroupSnapshot(request, call);
          if (!groupSnapshot?.creationTime) return {};
          const { seconds, nanos, $typeName } = groupSnapshot.creationTime;
          return { groupSnapshot: { ...groupSnapshot, creationTime: { $typeName, seconds: seconds + 1n, nanos } } };
        },
      },
    }),
  },
  {
    does: "says FAILED_PRECONDITION for a group that does not exist",
    caughtBy: ["get/unknown", "delete/members"],
    wrong: (csi) => ({
      groupController: {
        getVolumeGroupSnapshot: (request) =>
          csi.groupController.getVolumeGroupSnapshot(request, call).catch((error: unknown) => {
            if (isFailure(error, "notFound")) throw new Failure("precondition", error.message);
            throw error;
          }),
      },
    }),
  },
  {
    does: "gets a group by its id with INTERNAL for wrong members",
    caughtBy: ["get/mismatch"],
    wrong: (csi) => ({
      groupController: {
        getVolumeGroupSnapshot: (request) =>
          csi.groupController.getVolumeGroupSnapshot(request, call).catch((error: unknown) => {
            if (isFailure(error, "invalid") && request.groupSnapshotId !== "")
              throw new Failure("internal", "mismatch");
            throw error;
          }),
      },
    }),
  },
];
