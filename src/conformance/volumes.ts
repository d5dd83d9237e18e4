import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CreateVolumeRequestSchema, Snapshot, Volume } from "../csi/gen/csi_pb.js";
import { widestCapability } from "../csi/volume-capability.ts";
import { Failure } from "../lib/failure.ts";
import type { Driver } from "./driver.ts";
import { type Lab, nameOf } from "./lab.ts";

/** What a volume is made from. */
export type Restorable = Pick<Snapshot, "snapshotId" | "sizeBytes">;

/** An empty volume, or one from a snapshot, that this node can reach. */
export async function createVolume(lab: Lab, source?: Restorable): Promise<Volume> {
  const request = requestOf(lab, source);
  return lab.made.make(
    {
      what: `volume ${request.name}`,
      create: (driver) => created(driver, request),
      idOf: ({ volumeId }) => volumeId,
      remove: (driver, { volumeId }) => driver.controller.deleteVolume({ volumeId }),
    },
    lab.patience,
  );
}

export const capabilityOf = ({ settings: { volumeMode, fsType }, offer }: Lab) =>
  widestCapability({ accessModes: ["ReadWriteOnce"], volumeMode, fsType, mountOptions: [] }, offer);

type Request = MessageInitShape<typeof CreateVolumeRequestSchema> & { readonly name: string };

function requestOf(lab: Lab, source: Restorable | undefined): Request {
  const { settings, offer } = lab;
  const wantedBytes = BigInt(settings.volumeBytes);
  const leastBytes = source?.sizeBytes ?? 0n;
  const topology = offer.plugin.has("VOLUME_ACCESSIBILITY_CONSTRAINTS") ? offer.here?.accessibleTopology : undefined;
  return {
    name: nameOf(lab, source ? "copy" : "volume"),
    capacityRange: { requiredBytes: leastBytes > wantedBytes ? leastBytes : wantedBytes },
    volumeCapabilities: [capabilityOf(lab)],
    parameters: settings.volumeParameters,
    ...(topology && { accessibilityRequirements: { requisite: [topology], preferred: [topology] } }),
    ...(source && {
      volumeContentSource: { type: { case: "snapshot", value: { snapshotId: source.snapshotId } } },
    }),
  };
}

async function created(driver: Driver, request: Request): Promise<Volume> {
  const { volume } = await driver.controller.createVolume(request);
  if (volume === undefined || volume.volumeId === "")
    throw new Failure("internal", `CreateVolume ${request.name} was answered without a volume_id`);
  return volume;
}
