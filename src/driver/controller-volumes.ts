import type { CreateVolumeRequest, TopologyRequirement } from "../csi/gen/csi_pb.js";
import { VolumeHealthErrorType } from "../csi/gen/csi_pb.js";
import type { CsiHandlers } from "../csi/server.ts";
import { Failure } from "../lib/failure.ts";
import { volumeAnswer } from "./answer.ts";
import type { Source, VolumeRecord } from "./pool/records.ts";
import { sizeLimitBytes, sizeUnitBytes } from "./pool/sizes.ts";
import {
  checkCapabilities,
  checkParameters,
  obstacleOf,
  pageFrom,
  pageOf,
  required,
  requiredName,
  requiredUsage,
  sizeRangeOf,
} from "./request.ts";
import type { ServiceDeps } from "./service-deps.ts";

/** The controller's calls that make, change and delete volumes. */
export function volumeCalls({ pool, topology, growsFilesystems }: ServiceDeps) {
  const { volumes } = pool;
  return {
    async createVolume(request, { signal }) {
      const name = requiredName(request.name);
      checkCapabilities(request.volumeCapabilities);
      checkParameters(request.parameters);
      checkParameters(request.mutableParameters);
      checkTopology(request.accessibilityRequirements, topology);
      const wanted = { name, size: sizeRangeOf(request.capacityRange), source: sourceOf(request) };
      return { volume: volumeAnswer(await volumes.ensure(wanted, signal), topology) };
    },

    async deleteVolume(request) {
      await volumes.remove(required(request.volumeId, "volume_id"));
      return {};
    },

    async controllerExpandVolume(request) {
      const id = required(request.volumeId, "volume_id");
      if (request.capacityRange === undefined) throw new Failure("invalid", "capacity_range is required");
      const usage = request.volumeCapability && requiredUsage(request.volumeCapability);
      const { sizeBytes } = await volumes.grow(id, sizeRangeOf(request.capacityRange));
      const nodeExpansionRequired = growsFilesystems && usage?.access !== "block";
      return { capacityBytes: BigInt(sizeBytes), nodeExpansionRequired };
    },
  } satisfies CsiHandlers["controller"];
}

/** The controller's calls that look at volumes and at the room there is for them. */
export function volumeQueries({ pool, nodeId, topology }: ServiceDeps) {
  const { volumes } = pool;
  const published = (volume: VolumeRecord) => ({
    volume: volumeAnswer(volume, topology),
    status: { publishedNodeIds: pool.uses.isPublished(volume.id) ? [nodeId] : [] },
  });
  return {
    async validateVolumeCapabilities(request) {
      volumes.get(required(request.volumeId, "volume_id"));
      const { volumeCapabilities, volumeContext, parameters, mutableParameters } = request;
      if (volumeCapabilities.length === 0) throw new Failure("invalid", "volume_capabilities is required");
      const obstacle = volumeCapabilities.map(obstacleOf).find((found) => found !== undefined);
      if (obstacle !== undefined) return { message: obstacle };
      return { confirmed: { volumeCapabilities, volumeContext, parameters, mutableParameters } };
    },

    async listVolumes(request) {
      const { afterSeq, limit } = pageOf(request);
      const page = pageFrom(volumes.list({ afterSeq, limit: limit + 1 }), limit);
      return { entries: page.entries.map(published), nextToken: page.nextToken };
    },

    async controllerGetVolume(request) {
      return published(volumes.get(required(request.volumeId, "volume_id")));
    },

    async controllerGetVolumeHealth(request) {
      const { id } = volumes.get(required(request.volumeId, "volume_id"));
      const isLost = (await pool.allocatedBytes(id)) === undefined;
      const message = "the image of the volume is missing from the pool";
      const lost = { status: VolumeHealthErrorType.DATA_LOSS, reason: "ImageMissing", message };
      return { volumeHealth: { volumeId: id, healthStatuses: isLost ? [lost] : [] } };
    },

    async getCapacity(request) {
      checkParameters(request.parameters);
      if (request.volumeCapabilities.some((capability) => obstacleOf(capability) !== undefined)) return noCapacity;
      if (request.accessibleTopology && !isHere(request.accessibleTopology.segments, topology)) return noCapacity;
      const availableBytes = await pool.space.availableBytes();
      return {
        availableCapacity: BigInt(availableBytes),
        maximumVolumeSize: BigInt(Math.min(sizeLimitBytes, availableBytes)),
        minimumVolumeSize: BigInt(sizeUnitBytes),
      };
    },
  } satisfies CsiHandlers["controller"];
}

const noCapacity = { availableCapacity: 0n };

function sourceOf({ volumeContentSource }: CreateVolumeRequest): Source | undefined {
  if (volumeContentSource === undefined) return undefined;
  const { type } = volumeContentSource;
  switch (type.case) {
    case "snapshot":
      return { kind: "snapshot", id: required(type.value.snapshotId, "volume_content_source.snapshot.snapshot_id") };
    case "volume":
      return { kind: "volume", id: required(type.value.volumeId, "volume_content_source.volume.volume_id") };
    default:
      throw new Failure("invalid", "volume_content_source must be a snapshot or a volume");
  }
}

type Segments = Readonly<Record<string, string>>;

function checkTopology(wanted: TopologyRequirement | undefined, topology: ServiceDeps["topology"]): void {
  const requisite = wanted?.requisite ?? [];
  if (requisite.length === 0 || requisite.some(({ segments }) => isHere(segments, topology))) return;
  const here = JSON.stringify(topology.segments);
  throw new Failure(
    "exhausted",
    `cannot make a volume where accessibility_requirements ask for it: volumes are at ${here}`,
  );
}

function isHere(segments: Segments, topology: ServiceDeps["topology"]): boolean {
  const here: Segments = topology.segments ?? {};
  return Object.entries(segments).every(([key, value]) => here[key] === value);
}
