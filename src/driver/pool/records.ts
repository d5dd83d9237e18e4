import type { Consistency } from "../cut/cut-engine.ts";

/**
 * How far a thing has come. Only what is ready exists for callers; anything else is an intent that was written down
 * before its files were touched, to be finished or undone.
 */
export type State = "creating" | "ready" | "deleting";

export interface Source {
  readonly kind: "snapshot" | "volume";
  readonly id: string;
}

export interface VolumeRecord {
  /** Position in lists: grows with every volume, never reused. */
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly source: Source | undefined;
  readonly state: State;
}

export interface SnapshotRecord {
  readonly seq: number;
  readonly id: string;
  /** Members of a group have no name of their own. */
  readonly name: string | undefined;
  readonly groupId: string | undefined;
  readonly volumeId: string;
  readonly sizeBytes: number;
  /** What its image occupies, which no longer changes. */
  readonly storedBytes: number;
  readonly takenAt: Date;
  readonly consistency: Consistency;
  readonly state: State;
}

export interface GroupRecord {
  readonly id: string;
  readonly name: string;
  readonly takenAt: Date;
  readonly state: State;
}

/** A mounted filesystem that may be frozen. */
export interface HoldRecord {
  readonly path: string;
  /** Its block device. */
  readonly device: string;
}

/** How the driver serves volumes: as NBD sockets, or as loop devices. */
export type Reached = "nbd" | "loop";

/** A volume in use on this machine, at a path that a user of it was given. */
export interface UseRecord {
  readonly path: string;
  readonly volumeId: string;
  readonly kind: "stage" | "publish";
  readonly reached: Reached;
  readonly access: "block" | "filesystem";
  readonly readOnly: boolean;
  /** Published at one path only (SINGLE_NODE_SINGLE_WRITER, Kubernetes' ReadWriteOncePod). */
  readonly isAlone: boolean;
}
