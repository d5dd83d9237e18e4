import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Capabilities } from "../../csi/capabilities.ts";
import { VolumeCapability_AccessMode_Mode as Mode, type VolumeCapabilitySchema } from "../../csi/gen/csi_pb.js";
import type { AccessMode, VolumeMode } from "../../kube/core/claim.ts";

/** How a volume will be used, as CSI says it: once for each access mode. */
export function volumeCapabilities(use: VolumeUse, { controller }: Pick<Capabilities, "controller">) {
  const modes = controller.has("SINGLE_NODE_MULTI_WRITER") ? precise : plain;
  return use.accessModes.map((accessMode) => volumeCapability(use, modes[accessMode]));
}

/** How a volume is used by one consumer: the widest of its access modes. */
export function widestCapability(use: VolumeUse, capabilities: Pick<Capabilities, "controller">) {
  const widest = widestFirst.find((mode) => use.accessModes.includes(mode)) ?? "ReadWriteOnce";
  return volumeCapabilities({ ...use, accessModes: [widest] }, capabilities)[0];
}

type Capability = MessageInitShape<typeof VolumeCapabilitySchema>;

export interface VolumeUse {
  readonly accessModes: readonly AccessMode[];
  readonly volumeMode: VolumeMode;
  readonly fsType: string;
  readonly mountOptions: readonly string[];
}

const plain: Readonly<Record<AccessMode, Mode>> = {
  ReadWriteOnce: Mode.SINGLE_NODE_WRITER,
  ReadWriteOncePod: Mode.SINGLE_NODE_WRITER,
  ReadOnlyMany: Mode.MULTI_NODE_READER_ONLY,
  ReadWriteMany: Mode.MULTI_NODE_MULTI_WRITER,
};
/** For drivers that tell one writer on a node from several. */
const precise: typeof plain = {
  ...plain,
  ReadWriteOnce: Mode.SINGLE_NODE_MULTI_WRITER,
  ReadWriteOncePod: Mode.SINGLE_NODE_SINGLE_WRITER,
};
const widestFirst: readonly AccessMode[] = ["ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod", "ReadOnlyMany"];

function volumeCapability({ volumeMode, fsType, mountOptions }: VolumeUse, mode: Mode): Capability {
  const accessMode = { mode };
  if (volumeMode === "Block") return { accessMode, accessType: { case: "block", value: {} } };
  return { accessMode, accessType: { case: "mount", value: { fsType, mountFlags: [...mountOptions] } } };
}
