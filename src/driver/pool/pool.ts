import { snapshotImage, volumeImage } from "./layout.ts";
import { Snapshots } from "./snapshots.ts";
import type { Space } from "./space.ts";
import { Uses } from "./uses.ts";
import { Volumes } from "./volumes.ts";
import type { Workshop } from "./workshop.ts";

/** All volumes and snapshots of one folder. */
export interface Pool {
  readonly volumes: Volumes;
  readonly snapshots: Snapshots;
  readonly uses: Uses;
  readonly space: Space;
  /** What a volume's image occupies; undefined if the image is missing, which means that its data is lost. */
  allocatedBytes(volumeId: string): Promise<number | undefined>;
  hasSnapshotImage(snapshotId: string): Promise<boolean>;
  /** Resolves when nothing is being made any more. */
  settled(): Promise<void>;
}

/** The pool whose state is open and has been recovered. */
export function poolOf(shop: Workshop): Pool {
  const { layout, files } = shop;
  const volumes = new Volumes(shop);
  const snapshots = new Snapshots(shop);
  return {
    volumes,
    snapshots,
    uses: new Uses(shop),
    space: shop.space,
    allocatedBytes: async (id) => (await files.find(volumeImage(layout, id)))?.allocatedBytes,
    hasSnapshotImage: async (id) => (await files.find(snapshotImage(layout, id))) !== undefined,
    async settled() {
      await Promise.all([volumes.settled(), snapshots.settled()]);
    },
  };
}
