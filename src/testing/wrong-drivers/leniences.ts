import type { Csi } from "../../csi/client.ts";
import type { CsiHandlers } from "../../csi/server.ts";
import { Failure } from "../../lib/failure.ts";
import { systemRandom } from "../../lib/random.ts";
import { restores } from "./restores.ts";
import { call, creates, honestGroup } from "./vice.ts";

/** What a driver may do, or lack, so that checks cannot tell: they are neither passed nor failed. */
export interface Lenience {
  readonly does: string;
  readonly skips: readonly string[];
  /** Why, in what is reported. */
  readonly because: string;
  readonly wrong: (csi: Csi) => CsiHandlers;
}

const missing = async () => {
  throw new Failure("unimplemented", "there is no node service");
};

export const leniences: readonly Lenience[] = [
  {
    does: "goes by the id of a group alone",
    skips: ["get/mismatch", "delete/mismatch"],
    because: "goes by group_snapshot_id alone",
    wrong: ({ groupController }) => ({
      groupController: {
        getVolumeGroupSnapshot: (request) =>
          groupController.getVolumeGroupSnapshot({ ...request, snapshotIds: [] }, call),
        deleteVolumeGroupSnapshot: (request) =>
          groupController.deleteVolumeGroupSnapshot({ ...request, snapshotIds: [] }, call),
      },
    }),
  },
  {
    does: "lets a member be deleted alone",
    skips: ["delete/one-member"],
    because: "deletes a member alone",
    wrong: () => ({ controller: { deleteSnapshot: async () => ({}) } }),
  },
  {
    does: "takes names that are too long",
    skips: ["create/limits"],
    because: "the specification tells callers to keep to 128",
    wrong: (csi) => creates((request) => honestGroup(csi, { ...request, name: request.name.slice(0, 128) })),
  },
  {
    does: "makes no group under load",
    skips: ["order"],
    because: "as the specification lets it: ",
    wrong: () =>
      creates(async () => {
        throw new Failure("internal", "a file changed");
      }),
  },
  {
    does: "has no node service",
    skips: ["restore/data", "order"],
    because: "no node service",
    wrong: () => ({ node: { nodeGetInfo: missing, nodeGetCapabilities: missing } }),
  },
  {
    does: "keeps the order of volume after volume, so that the control sees nothing",
    skips: ["order"],
    because: "so the test saw nothing",
    wrong: keepsOrderOfSingles,
  },
];

/** Restores groups of one volume each from a group of all volumes, for as long as none comes a second time. */
function keepsOrderOfSingles(csi: Csi): CsiHandlers {
  const instead = new Map<string, string>();
  let rest = new Map<string, string>();
  return {
    ...restores(csi, (named) => ({ case: "snapshot", value: { snapshotId: instead.get(named) ?? named } })),
    groupController: {
      async createVolumeGroupSnapshot(request) {
        const group = await honestGroup(csi, request);
        const [member] = group.snapshots;
        if (group.snapshots.length > 1 || member === undefined) return { groupSnapshot: group };
        if (!rest.has(member.sourceVolumeId)) rest = await snapshotsOfAll(csi);
        instead.set(member.snapshotId, rest.get(member.sourceVolumeId) ?? "");
        rest.delete(member.sourceVolumeId);
        return { groupSnapshot: group };
      },
    },
  };
}

/** Of each volume that there is, at one instant. */
async function snapshotsOfAll(csi: Csi): Promise<Map<string, string>> {
  const { entries } = await csi.controller.listVolumes({}, call);
  const sourceVolumeIds = entries.map(({ volume }) => volume?.volumeId ?? "");
  const { snapshots } = await honestGroup(csi, { name: systemRandom.uuid(), sourceVolumeIds });
  return new Map(snapshots.map(({ sourceVolumeId, snapshotId }) => [sourceVolumeId, snapshotId]));
}
