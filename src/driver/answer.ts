import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { SnapshotSchema, TopologySchema, VolumeSchema } from "../csi/gen/csi_pb.js";
import type { SnapshotRecord, VolumeRecord } from "./pool/records.ts";

/** Where all volumes of this driver are: on this node, and nowhere else. */
export type Topology = MessageInitShape<typeof TopologySchema>;

export function topologyOf(driverName: string, nodeId: string): Topology {
  return { segments: { [topologyKey(driverName)]: nodeId } };
}

const topologyKey = (driverName: string) => `topology.${driverName}/node`;

export function volumeAnswer(volume: VolumeRecord, topology: Topology): MessageInitShape<typeof VolumeSchema> {
  return {
    volumeId: volume.id,
    capacityBytes: BigInt(volume.sizeBytes),
    accessibleTopology: [topology],
    ...(volume.source && { contentSource: sourceAnswer(volume.source) }),
  };
}

function sourceAnswer({ kind, id }: NonNullable<VolumeRecord["source"]>) {
  return kind === "snapshot"
    ? { type: { case: "snapshot" as const, value: { snapshotId: id } } }
    : { type: { case: "volume" as const, value: { volumeId: id } } };
}

/** @param isWhole false if its image is missing: then nothing can be restored from it */
export function snapshotAnswer(snapshot: SnapshotRecord, isWhole: boolean): MessageInitShape<typeof SnapshotSchema> {
  return {
    snapshotId: snapshot.id,
    sourceVolumeId: snapshot.volumeId,
    sizeBytes: BigInt(snapshot.sizeBytes),
    creationTime: timestampFromDate(snapshot.takenAt),
    readyToUse: isWhole,
    groupSnapshotId: snapshot.groupId ?? "",
  };
}
