import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { NodeCapabilityName } from "../../csi/capabilities.ts";
import { type Node, type NodePublishVolumeRequest, NodeServiceCapability_RPC_Type } from "../../csi/gen/csi_pb.js";
import type { Handlers } from "../../csi/service.ts";
import { Failure } from "../../lib/failure.ts";
import { topologyKey } from "./volumes.ts";
import { required, type World } from "./world.ts";

const capabilities: readonly NodeCapabilityName[] = ["STAGE_UNSTAGE_VOLUME", "EXPAND_VOLUME", "GET_VOLUME_STATS"];

/** Publishes as our driver does without root: a file stands for the socket that it puts at, or below, the target. */
export function nodeService(world: World): Handlers<typeof Node> {
  return {
    nodeGetInfo: async () => ({
      nodeId: world.nodeId,
      accessibleTopology: world.can("VOLUME_ACCESSIBILITY_CONSTRAINTS")
        ? { segments: { [topologyKey]: world.nodeId } }
        : undefined,
    }),
    nodeGetCapabilities: async () => ({
      capabilities: capabilities.filter(world.can).map((name) => ({
        type: { case: "rpc" as const, value: { type: NodeServiceCapability_RPC_Type[name] } },
      })),
    }),
    async nodeStageVolume({ volumeId, stagingTargetPath }) {
      world.volume(required(volumeId, "volume_id"));
      world.staged.set(required(stagingTargetPath, "staging_target_path"), volumeId);
      return {};
    },
    async nodeUnstageVolume({ stagingTargetPath }) {
      world.staged.delete(required(stagingTargetPath, "staging_target_path"));
      return {};
    },
    async nodePublishVolume(request) {
      world.volume(required(request.volumeId, "volume_id"));
      const staged = world.staged.get(request.stagingTargetPath);
      if (world.can("STAGE_UNSTAGE_VOLUME") && staged !== request.volumeId)
        throw new Failure("precondition", `volume ${request.volumeId} is not staged at ${request.stagingTargetPath}`);
      await putAt(request);
      world.published.set(request.targetPath, request.volumeId);
      return {};
    },
    async nodeUnpublishVolume({ targetPath }) {
      await rm(required(targetPath, "target_path"), { recursive: true, force: true });
      world.published.delete(targetPath);
      return {};
    },
    async nodeExpandVolume({ volumeId }) {
      return { capacityBytes: world.volume(required(volumeId, "volume_id")).sizeBytes };
    },
    async nodeGetVolumeStats({ volumeId }) {
      return { usage: [{ unit: 1, total: world.volume(required(volumeId, "volume_id")).sizeBytes }] };
    },
  };
}

async function putAt({ targetPath, volumeId, volumeCapability }: NodePublishVolumeRequest): Promise<void> {
  required(targetPath, "target_path");
  const isBlock = volumeCapability?.accessType.case === "block";
  await mkdir(isBlock ? dirname(targetPath) : targetPath, { recursive: true });
  await writeFile(isBlock ? targetPath : join(targetPath, "volume.nbd"), volumeId);
}
