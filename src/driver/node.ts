import { NodeServiceCapability_RPC_Type as Rpc, VolumeUsage_Unit as Unit } from "../csi/gen/csi_pb.js";
import type { CsiHandlers } from "../csi/server.ts";
import { Failure } from "../lib/failure.ts";
import type { Usage } from "./access/access.ts";
import type { Pool } from "./pool/pool.ts";
import type { UseRecord, VolumeRecord } from "./pool/records.ts";
import { required, requiredPath, requiredUsage, sizeRangeOf } from "./request.ts";
import type { ServiceDeps } from "./service-deps.ts";

const capabilities = [Rpc.STAGE_UNSTAGE_VOLUME, Rpc.GET_VOLUME_STATS, Rpc.EXPAND_VOLUME, Rpc.SINGLE_NODE_MULTI_WRITER];

/** CSI's node service. What stands at the paths is up to the `Access`. */
export function nodeService(deps: ServiceDeps): NonNullable<CsiHandlers["node"]> {
  const { pool, nodeId, topology } = deps;
  const { uses } = pool;
  return {
    nodeGetInfo: async () => ({ nodeId, accessibleTopology: topology }),

    nodeGetCapabilities: async () => ({
      capabilities: capabilities.map((type) => ({ type: { case: "rpc" as const, value: { type } } })),
    }),

    async nodeStageVolume(request) {
      const volumeId = required(request.volumeId, "volume_id");
      const path = requiredPath(request.stagingTargetPath, "staging_target_path");
      await uses.stage({ volumeId, path, ...requiredUsage(request.volumeCapability) });
      return {};
    },

    async nodeUnstageVolume(request) {
      const path = requiredPath(request.stagingTargetPath, "staging_target_path");
      await uses.end(required(request.volumeId, "volume_id"), path);
      return {};
    },

    async nodePublishVolume(request) {
      const volumeId = required(request.volumeId, "volume_id");
      const path = requiredPath(request.targetPath, "target_path");
      const usage = requiredUsage(request.volumeCapability);
      if (request.stagingTargetPath === "")
        throw new Failure("precondition", "staging_target_path is required: this driver stages volumes");
      const staging = requiredPath(request.stagingTargetPath, "staging_target_path");
      const readOnly = request.readonly || usage.readOnly;
      await uses.publish({ volumeId, path, ...usage, readOnly }, staging);
      return {};
    },

    async nodeUnpublishVolume(request) {
      const path = requiredPath(request.targetPath, "target_path");
      await uses.end(required(request.volumeId, "volume_id"), path);
      return {};
    },

    nodeGetVolumeStats: async (request) => ({ usage: await fillingAt(deps, request) }),

    async nodeExpandVolume(request) {
      const { volume, use } = usedVolume(pool, request);
      const { id, sizeBytes } = volume;
      if (request.volumeCapability) requiredUsage(request.volumeCapability);
      const { atLeastBytes = 0 } = sizeRangeOf(request.capacityRange);
      if (atLeastBytes > sizeBytes)
        throw new Failure("outOfRange", `volume ${id} has ${sizeBytes} bytes: expand it at the controller first`);
      await uses.grow(use);
      return { capacityBytes: BigInt(sizeBytes) };
    },
  };
}

async function fillingAt({ pool, usage }: ServiceDeps, request: { volumeId: string; volumePath: string }) {
  const { volume, use } = usedVolume(pool, request);
  const filling = await usage(use);
  if (filling !== undefined) return [fillingOf(Unit.BYTES, filling.bytes), fillingOf(Unit.INODES, filling.inodes)];
  const used = (await pool.allocatedBytes(volume.id)) ?? 0;
  const total = volume.sizeBytes;
  return [fillingOf(Unit.BYTES, { total, used, available: Math.max(0, total - used) })];
}

const fillingOf = (unit: Unit, { total, used, available }: Usage["bytes"]) => ({
  unit,
  total: BigInt(total),
  used: BigInt(used),
  available: BigInt(available),
});

/** The volume that is in use at a path. @throws Failure "invalid" without the fields; "notFound" if it is not */
function usedVolume(
  pool: Pool,
  request: { readonly volumeId: string; readonly volumePath: string },
): { readonly volume: VolumeRecord; readonly use: UseRecord } {
  const id = required(request.volumeId, "volume_id");
  if (request.volumePath === "") throw new Failure("invalid", "volume_path is required");
  const volume = pool.volumes.get(id);
  const use = pool.uses.find(id, request.volumePath);
  if (use !== undefined) return { volume, use };
  throw new Failure("notFound", `volume ${id} is not in use at ${request.volumePath}`);
}
