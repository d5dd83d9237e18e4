import type { UseRecord, VolumeRecord } from "../pool/records.ts";

/** What a new use of a volume asks for. */
export interface NewUse extends Omit<UseRecord, "kind" | "reached"> {
  /** The filesystem that a blank volume gets; empty where the caller does not care. */
  readonly fsType: string;
  readonly mountFlags: readonly string[];
}

/**
 * How volumes are reached on this machine: as NBD sockets, or as loop devices and mounts.
 *
 * Every call may be repeated, also after a crash half-way through it.
 */
export interface Access {
  readonly name: UseRecord["reached"];
  /** True if a volume's user here is served by a filesystem that has to grow after its volume did. */
  readonly growsFilesystems: boolean;
  /** Rejects while volumes cannot be reached. */
  ready(): Promise<void>;
  /** Makes the volume reachable at the path, for `publish`. */
  stage(volume: VolumeRecord, use: NewUse): Promise<void>;
  /** Puts the staged volume at the path of its user. */
  publish(volume: VolumeRecord, use: NewUse, stagingPath: string): Promise<void>;
  /** Takes the volume from the path. @param others what else uses it */
  end(use: UseRecord, others: readonly UseRecord[]): Promise<void>;
  /** Makes an image larger, in use or not; it never shrinks. */
  grow(image: string, sizeBytes: number): Promise<void>;
  /** Lets the filesystem at the path have all of its volume, where there is one. */
  growFilesystem(volume: VolumeRecord, use: UseRecord): Promise<void>;
  /** How full it is for its user; undefined if only the image's blocks are known. */
  usage(use: UseRecord): Promise<Usage | undefined>;
  close(): Promise<void>;
}

/** Of a mounted filesystem. */
export interface Usage {
  readonly bytes: Filling;
  readonly inodes: Filling;
}

interface Filling {
  readonly total: number;
  readonly used: number;
  readonly available: number;
}
