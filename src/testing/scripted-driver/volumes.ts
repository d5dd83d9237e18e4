import type { ControllerCapabilityName } from "../../csi/capabilities.ts";
import {
  type Controller,
  ControllerServiceCapability_RPC_Type,
  type CreateVolumeRequest,
} from "../../csi/gen/csi_pb.js";
import type { Handlers } from "../../csi/service.ts";
import { Failure } from "../../lib/failure.ts";
import { page, required, type StoredVolume, type World } from "./world.ts";

const capabilities: readonly ControllerCapabilityName[] = [
  "CREATE_DELETE_VOLUME",
  "LIST_VOLUMES",
  "GET_VOLUME",
  "CREATE_DELETE_SNAPSHOT",
  "LIST_SNAPSHOTS",
  "GET_SNAPSHOT",
  "CLONE_VOLUME",
  "EXPAND_VOLUME",
];
const defaultSizeBytes = 1n << 30n;
/** Keys of the labels that say on which node a volume is. */
export const topologyKey = "topology.scripted.example.com/node";

type VolumeMethods =
  | "createVolume"
  | "deleteVolume"
  | "listVolumes"
  | "controllerGetVolume"
  | "validateVolumeCapabilities"
  | "controllerExpandVolume"
  | "controllerGetCapabilities";

export function volumeService(world: World): Pick<Handlers<typeof Controller>, VolumeMethods> {
  return {
    createVolume: async (request) => ({ volume: volumeMessage(world, createVolume(world, request)) }),
    async deleteVolume({ volumeId }) {
      world.volumes.delete(required(volumeId, "volume_id"));
      return {};
    },
    async listVolumes(request) {
      const { entries, nextToken } = page([...world.volumes.values()], request);
      return { entries: entries.map((volume) => ({ volume: volumeMessage(world, volume) })), nextToken };
    },
    controllerGetVolume: async ({ volumeId }) => ({
      volume: volumeMessage(world, world.volume(required(volumeId, "volume_id"))),
      status: {},
    }),
    async validateVolumeCapabilities({ volumeId, volumeCapabilities }) {
      world.volume(required(volumeId, "volume_id"));
      return { confirmed: { volumeCapabilities } };
    },
    async controllerExpandVolume({ volumeId, capacityRange }) {
      const volume = world.volume(required(volumeId, "volume_id"));
      const wanted = capacityRange?.requiredBytes ?? 0n;
      const sizeBytes = wanted > volume.sizeBytes ? wanted : volume.sizeBytes;
      world.addVolume({ ...volume, sizeBytes });
      return { capacityBytes: sizeBytes, nodeExpansionRequired: world.can("ONLINE") };
    },
    controllerGetCapabilities: async () => ({
      capabilities: capabilities.filter(world.can).map((name) => ({
        type: { case: "rpc" as const, value: { type: ControllerServiceCapability_RPC_Type[name] } },
      })),
    }),
  };
}

function createVolume(world: World, request: CreateVolumeRequest): StoredVolume {
  const name = required(request.name, "name");
  if (request.volumeCapabilities.length === 0) throw new Failure("invalid", "volume_capabilities is missing");
  const requiredBytes = request.capacityRange?.requiredBytes ?? 0n;
  const limitBytes = request.capacityRange?.limitBytes ?? 0n;
  const source = sourceOf(request);
  const existing = [...world.volumes.values()].find((volume) => volume.name === name);
  if (existing) {
    const fits = existing.sizeBytes >= requiredBytes && (limitBytes === 0n || existing.sizeBytes <= limitBytes);
    if (fits && existing.source?.id === source?.id) return existing;
    throw new Failure("exists", `volume ${name} is there with another size or source`);
  }
  const sourceBytes = source ? sizeOf(world, source) : 0n;
  if (requiredBytes !== 0n && requiredBytes < sourceBytes)
    throw new Failure("outOfRange", `${requiredBytes} bytes are less than the ${sourceBytes} of the source`);
  return world.addVolume({
    id: world.nextId("volume"),
    name,
    sizeBytes: requiredBytes || sourceBytes || defaultSizeBytes,
    parameters: request.parameters,
    ...(source ? { source } : {}),
  });
}

function sourceOf({ volumeContentSource }: CreateVolumeRequest): StoredVolume["source"] {
  const source = volumeContentSource?.type;
  if (source?.case === "snapshot") return { case: "snapshot", id: source.value.snapshotId };
  if (source?.case === "volume") return { case: "volume", id: source.value.volumeId };
  return undefined;
}

function sizeOf(world: World, source: NonNullable<StoredVolume["source"]>): bigint {
  return source.case === "snapshot" ? world.snapshot(source.id).sizeBytes : world.volume(source.id).sizeBytes;
}

function volumeMessage(world: World, volume: StoredVolume) {
  const content =
    volume.source?.case === "snapshot"
      ? { case: "snapshot" as const, value: { snapshotId: volume.source.id } }
      : { case: "volume" as const, value: { volumeId: volume.source?.id ?? "" } };
  return {
    volumeId: volume.id,
    capacityBytes: volume.sizeBytes,
    volumeContext: { ...volume.parameters },
    ...(volume.source ? { contentSource: { type: content } } : {}),
    ...(world.can("VOLUME_ACCESSIBILITY_CONSTRAINTS")
      ? { accessibleTopology: [{ segments: { [topologyKey]: world.nodeId } }] }
      : {}),
  };
}
