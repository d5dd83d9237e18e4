import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { consistencyMetadata } from "../../csi/consistency.ts";
import { type GroupController, GroupControllerServiceCapability_RPC_Type } from "../../csi/gen/csi_pb.js";
import type { Handlers } from "../../csi/service.ts";
import { Failure } from "../../lib/failure.ts";
import { cut } from "./snapshots.ts";
import { required, type StoredGroup, snapshotMessage, type World } from "./world.ts";

const capability = "CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT";

export function groupService(world: World): Handlers<typeof GroupController> {
  return {
    groupControllerGetCapabilities: async () => ({
      capabilities: world.can(capability)
        ? [{ type: { case: "rpc", value: { type: GroupControllerServiceCapability_RPC_Type[capability] } } }]
        : [],
    }),
    async createVolumeGroupSnapshot({ name, sourceVolumeIds }, { tell }) {
      required(name, "name");
      if (sourceVolumeIds.length === 0) throw new Failure("invalid", "source_volume_ids is empty");
      const existing = [...world.groups.values()].find((group) => group.name === name);
      if (existing && !sameSet(volumesOf(world, existing), sourceVolumeIds))
        throw new Failure("exists", `group ${name} is of other volumes: ${volumesOf(world, existing).join(", ")}`);
      if (world.consistency !== undefined) tell(consistencyMetadata(world.consistency));
      return { groupSnapshot: groupMessage(world, existing ?? cutGroup(world, name, sourceVolumeIds)) };
    },
    async deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds }) {
      const group = world.groups.get(required(groupSnapshotId, "group_snapshot_id"));
      if (!group) return {};
      requireMembers(group, snapshotIds);
      for (const id of group.snapshotIds) world.snapshots.delete(id);
      world.groups.delete(group.id);
      return {};
    },
    async getVolumeGroupSnapshot({ groupSnapshotId, snapshotIds }) {
      const group = world.group(required(groupSnapshotId, "group_snapshot_id"));
      requireMembers(group, snapshotIds);
      return { groupSnapshot: groupMessage(world, group) };
    },
  };
}

function cutGroup(world: World, name: string, volumeIds: readonly string[]): StoredGroup {
  for (const id of volumeIds) world.volume(id); // all volumes, or none
  const createdAt = world.now();
  const id = world.nextId("group");
  const members = volumeIds.map((sourceVolumeId, i) =>
    cut(world, { name: `${name}-${i}`, sourceVolumeId, groupId: id, createdAt }),
  );
  const group = { id, name, createdAt, snapshotIds: members.map((member) => member.id) };
  world.groups.set(id, group);
  return group;
}

function groupMessage(world: World, group: StoredGroup) {
  const ready = world.isReady(group.id);
  return {
    groupSnapshotId: group.id,
    creationTime: timestampFromDate(group.createdAt),
    readyToUse: ready,
    snapshots: group.snapshotIds.map((id) => snapshotMessage(world.snapshot(id), ready)),
  };
}

function volumesOf(world: World, group: StoredGroup): readonly string[] {
  return group.snapshotIds.map((id) => world.snapshot(id).sourceVolumeId);
}

/** An empty list says nothing; another list than the members is a mistake of the caller. */
function requireMembers(group: StoredGroup, snapshotIds: readonly string[]): void {
  if (snapshotIds.length > 0 && !sameSet(group.snapshotIds, snapshotIds))
    throw new Failure(
      "invalid",
      `group ${group.id} has the snapshots ${group.snapshotIds.join(", ")}, not those given`,
    );
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}
