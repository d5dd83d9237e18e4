import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Capabilities } from "./capabilities.ts";
import { VolumeCapability_AccessMode_Mode as Mode, type VolumeCapabilitySchema } from "./gen/csi_pb.js";

type Capability = MessageInitShape<typeof VolumeCapabilitySchema>;

/** How a volume is used, in Kubernetes' words. */
export interface VolumeUse {
  readonly accessModes: readonly AccessModeName[];
  readonly volumeMode: "Filesystem" | "Block";
  /** "" lets the driver choose. */
  readonly fsType: string;
  readonly mountOptions: readonly string[];
}

type AccessModeName = "ReadWriteOnce" | "ReadOnlyMany" | "ReadWriteMany" | "ReadWriteOncePod";

/** The use in CSI's words: once for each access mode. */
export function volumeCapabilities(use: VolumeUse, { controller }: Pick<Capabilities, "controller">): Capability[] {
  const modes = controller.has("SINGLE_NODE_MULTI_WRITER") ? precise : plain;
  return use.accessModes.map((accessMode) => volumeCapability(use, modes[accessMode]));
}

/** The use by one consumer: the widest of the access modes. */
export function widestCapability(use: VolumeUse, { controller }: Pick<Capabilities, "controller">): Capability {
  const modes = controller.has("SINGLE_NODE_MULTI_WRITER") ? precise : plain;
  const widest = widestFirst.find((mode) => use.accessModes.includes(mode)) ?? "ReadWriteOnce";
  return volumeCapability(use, modes[widest]);
}

const plain: Readonly<Record<AccessModeName, Mode>> = {
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
const widestFirst: readonly AccessModeName[] = ["ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod", "ReadOnlyMany"];

function volumeCapability({ volumeMode, fsType, mountOptions }: VolumeUse, mode: Mode): Capability {
  const accessMode = { mode };
  if (volumeMode === "Block") return { accessMode, accessType: { case: "block", value: {} } };
  return { accessMode, accessType: { case: "mount", value: { fsType, mountFlags: [...mountOptions] } } };
}
