import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { block, call, formatted, type TestDriver } from "../driver/testing.ts";

/** What a kubelet does with volumes of a driver that mounts them. */
export interface MountedVolumes {
  /** Makes a volume and puts it to use; `fsType` empty for a block device. */
  put(name: string, wish: Wish): Promise<MountedVolume>;
  /** Ends its use and deletes it. */
  end(id: string): Promise<void>;
}

export interface Wish {
  readonly fsType: "" | "ext4" | "xfs";
  readonly sizeBytes?: number;
  readonly snapshotId?: string;
  readonly readOnly?: boolean;
}

export interface MountedVolume {
  readonly id: string;
  readonly staging: string;
  readonly target: string;
}

/** Room for either filesystem. */
const defaultBytes = 320 << 20;

export function mountedVolumes(driver: TestDriver): MountedVolumes {
  const pathsOf = (id: string) => ({ staging: join(driver.folder, `s-${id}`), target: join(driver.folder, `t-${id}`) });
  return {
    async put(name, { fsType, sizeBytes = defaultBytes, snapshotId, readOnly = false }) {
      const volumeCapability = fsType === "" ? block : formatted(fsType);
      const source = snapshotId === undefined ? {} : { volumeContentSource: fromSnapshot(snapshotId) };
      const asked = {
        name,
        capacityRange: { requiredBytes: BigInt(sizeBytes) },
        volumeCapabilities: [volumeCapability],
        ...source,
      };
      const { volume } = await driver.csi.controller.createVolume(asked, call);
      const volumeId = volume?.volumeId ?? "";
      const { staging, target } = pathsOf(volumeId);
      await mkdir(staging, { recursive: true });
      const staged = { volumeId, stagingTargetPath: staging, volumeCapability };
      await driver.csi.node.nodeStageVolume(staged, call);
      await driver.csi.node.nodePublishVolume({ ...staged, targetPath: target, readonly: readOnly }, call);
      return { id: volumeId, staging, target };
    },
    async end(volumeId) {
      const { staging, target } = pathsOf(volumeId);
      await driver.csi.node.nodeUnpublishVolume({ volumeId, targetPath: target }, call);
      await driver.csi.node.nodeUnstageVolume({ volumeId, stagingTargetPath: staging }, call);
      await driver.csi.controller.deleteVolume({ volumeId }, call);
    },
  };
}

const fromSnapshot = (snapshotId: string) => ({ type: { case: "snapshot" as const, value: { snapshotId } } });
