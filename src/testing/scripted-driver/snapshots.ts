import { consistencyMetadata } from "../../csi/consistency.ts";
import type { Controller } from "../../csi/gen/csi_pb.js";
import type { Handlers } from "../../csi/service.ts";
import { Failure } from "../../lib/failure.ts";
import { page, required, type StoredSnapshot, snapshotMessage, type World } from "./world.ts";

type SnapshotMethods = "createSnapshot" | "deleteSnapshot" | "listSnapshots" | "getSnapshot";

export function snapshotService(world: World): Pick<Handlers<typeof Controller>, SnapshotMethods> {
  const told = (snapshot: StoredSnapshot) => snapshotMessage(snapshot, world.isReady(snapshot.groupId || snapshot.id));
  return {
    async createSnapshot(request, { tell }) {
      const name = required(request.name, "name");
      const sourceVolumeId = required(request.sourceVolumeId, "source_volume_id");
      const existing = [...world.snapshots.values()].find((snapshot) => snapshot.name === name);
      if (existing && existing.sourceVolumeId !== sourceVolumeId)
        throw new Failure("exists", `snapshot ${name} is of volume ${existing.sourceVolumeId}`);
      if (world.consistency !== undefined) tell(consistencyMetadata(world.consistency));
      return { snapshot: told(existing ?? cut(world, { name, sourceVolumeId, groupId: "", createdAt: world.now() })) };
    },
    async deleteSnapshot({ snapshotId }) {
      const snapshot = world.snapshots.get(required(snapshotId, "snapshot_id"));
      if (snapshot?.groupId)
        throw new Failure("invalid", `snapshot ${snapshotId} belongs to group ${snapshot.groupId}: delete the group`);
      world.snapshots.delete(snapshotId);
      return {};
    },
    async listSnapshots(request) {
      requireCapability(world, "LIST_SNAPSHOTS");
      const chosen = [...world.snapshots.values()].filter(
        (snapshot) =>
          (request.snapshotId === "" || snapshot.id === request.snapshotId) &&
          (request.sourceVolumeId === "" || snapshot.sourceVolumeId === request.sourceVolumeId),
      );
      const { entries, nextToken } = page(chosen, request);
      return { entries: entries.map((snapshot) => ({ snapshot: told(snapshot) })), nextToken };
    },
    async getSnapshot({ snapshotId }) {
      requireCapability(world, "GET_SNAPSHOT");
      return { snapshot: told(world.snapshot(required(snapshotId, "snapshot_id"))) };
    },
  };
}

/** Takes one snapshot, alone or as a member of a group. */
export function cut(world: World, wanted: Omit<StoredSnapshot, "id" | "sizeBytes">): StoredSnapshot {
  const { sizeBytes } = world.volume(wanted.sourceVolumeId);
  const snapshot = { ...wanted, id: world.nextId("snapshot"), sizeBytes };
  world.snapshots.set(snapshot.id, snapshot);
  return snapshot;
}

function requireCapability(world: World, capability: "LIST_SNAPSHOTS" | "GET_SNAPSHOT"): void {
  if (!world.can(capability)) throw new Failure("unimplemented", `this driver has no ${capability}`);
}
