import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { block, call, formatted, type TestDriver } from "../driver/testing.ts";

/** What a provisioner and a kubelet do with volumes of a driver that mounts them. */
export interface MountedVolumes {
  /** Makes a volume and puts it to use. */
  put(name: string, wish: Wish): Promise<MountedVolume>;
  /** Ends its use and deletes it. */
  end(id: string): Promise<void>;
  /** Only makes it. @returns its id */
  make(name: string, wish: Wish): Promise<string>;
  /** Puts one to use that was made. */
  use(id: string, wish: Wish): Promise<MountedVolume>;
  /** Only ends its use. */
  leave(id: string): Promise<void>;
}

export interface Wish {
  /** Empty for a block device. */
  readonly fsType: "" | "ext4" | "xfs";
  readonly sizeBytes?: number;
  readonly snapshotId?: string;
  readonly readOnly?: boolean;
  /** Where it is published; in the driver's folder if absent. */
  readonly target?: string;
}

export interface MountedVolume {
  readonly id: string;
  readonly staging: string;
  readonly target: string;
}

/** Room for either filesystem. */
const defaultBytes = 320 << 20;

export function mountedVolumes({ csi, folder }: TestDriver): MountedVolumes {
  const targets = new Map<string, string>();
  const stagingOf = (id: string) => join(folder, `s-${id}`);
  const capabilityOf = ({ fsType }: Wish) => (fsType === "" ? block : formatted(fsType));
  const volumes: MountedVolumes = {
    put: async (name, wish) => volumes.use(await volumes.make(name, wish), wish),
    async make(name, wish) {
      const { sizeBytes = defaultBytes, snapshotId } = wish;
      const source = snapshotId === undefined ? {} : { volumeContentSource: fromSnapshot(snapshotId) };
      const capacityRange = { requiredBytes: BigInt(sizeBytes) };
      const asked = { name, capacityRange, volumeCapabilities: [capabilityOf(wish)], ...source };
      const { volume } = await csi.controller.createVolume(asked, call);
      return volume?.volumeId ?? "";
    },
    async use(volumeId, wish) {
      const { readOnly = false, target = join(folder, `t-${volumeId}`) } = wish;
      const staging = stagingOf(volumeId);
      targets.set(volumeId, target);
      await mkdir(staging, { recursive: true });
      const staged = { volumeId, stagingTargetPath: staging, volumeCapability: capabilityOf(wish) };
      await csi.node.nodeStageVolume(staged, call);
      await csi.node.nodePublishVolume({ ...staged, targetPath: target, readonly: readOnly }, call);
      return { id: volumeId, staging, target };
    },
    async leave(volumeId) {
      const targetPath = targets.get(volumeId) ?? "";
      await csi.node.nodeUnpublishVolume({ volumeId, targetPath }, call);
      await csi.node.nodeUnstageVolume({ volumeId, stagingTargetPath: stagingOf(volumeId) }, call);
    },
    async end(volumeId) {
      await volumes.leave(volumeId);
      await csi.controller.deleteVolume({ volumeId }, call);
    },
  };
  return volumes;
}

const fromSnapshot = (snapshotId: string) => ({ type: { case: "snapshot" as const, value: { snapshotId } } });
