import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { consistencyMetadata } from "../csi/consistency.ts";
import { GroupControllerServiceCapability_RPC_Type as Rpc } from "../csi/gen/csi_pb.js";
import type { CsiHandlers } from "../csi/server.ts";
import type { Serving } from "../csi/service.ts";
import { Failure } from "../lib/failure.ts";
import { answerOf } from "./controller-snapshots.ts";
import { leastOf } from "./cut/cut-engine.ts";
import type { Group } from "./pool/snapshots.ts";
import { cutWishOf, required, requiredName } from "./request.ts";
import type { ServiceDeps } from "./service-deps.ts";

/** Members hold a file each while they are cut; more volumes at one instant no application has. */
const memberLimit = 500;

/** CSI's group controller service. */
export function groupService({ pool }: ServiceDeps): NonNullable<CsiHandlers["groupController"]> {
  const { snapshots } = pool;
  const answer = async (group: Group, tell: Serving["tell"]) => {
    tell(consistencyMetadata(leastOf(group.members.map(({ consistency }) => consistency))));
    const members = await Promise.all(group.members.map((member) => answerOf(pool, member)));
    return {
      groupSnapshot: {
        groupSnapshotId: group.id,
        snapshots: members,
        creationTime: timestampFromDate(group.takenAt),
        readyToUse: members.every(({ readyToUse }) => readyToUse === true),
      },
    };
  };
  return {
    groupControllerGetCapabilities: async () => ({
      capabilities: [{ type: { case: "rpc", value: { type: Rpc.CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT } } }],
    }),

    async createVolumeGroupSnapshot(request, { signal, tell }) {
      const name = requiredName(request.name);
      const wish = cutWishOf(request.parameters);
      const volumeIds = checkedSources(request.sourceVolumeIds);
      return answer(await snapshots.ensureGroup({ name, volumeIds, wish }, signal), tell);
    },

    async deleteVolumeGroupSnapshot(request) {
      const id = required(request.groupSnapshotId, "group_snapshot_id");
      const group = snapshots.findGroup(id);
      if (group) checkMembers(group, request.snapshotIds);
      await snapshots.removeGroup(id);
      return {};
    },

    async getVolumeGroupSnapshot(request, { tell }) {
      const group = snapshots.getGroup(required(request.groupSnapshotId, "group_snapshot_id"));
      checkMembers(group, request.snapshotIds);
      return answer(group, tell);
    },
  };
}

function checkedSources(ids: readonly string[]): readonly string[] {
  if (ids.length === 0) throw new Failure("invalid", "source_volume_ids is required");
  if (ids.length > memberLimit)
    throw new Failure("invalid", `source_volume_ids has ${ids.length} volumes; at most ${memberLimit} are possible`);
  for (const id of ids) required(id, "source_volume_ids");
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new Failure("invalid", `source_volume_ids has ${twice} twice`);
  return ids;
}

/** The caller's list of members is a check that it means this very group; it may leave the list out. */
function checkMembers(group: Group, ids: readonly string[]): void {
  if (ids.length === 0) return;
  const has = group.members.map(({ id }) => id).toSorted();
  if (has.join() === [...new Set(ids)].toSorted().join()) return;
  throw new Failure("invalid", `snapshot_ids are not the members of ${group.id}, which are ${has.join(", ")}`);
}
