import type { CutMember } from "../block/protocol.ts";

/**
 * What a snapshot is worth. "crash": as after a power cut of all members at one instant. "filesystem": with clean
 * journals too. "none": no common instant.
 */
export type Consistency = "filesystem" | "crash" | "none";

/** A way to take several volumes at one instant. */
export interface CutEngine {
  readonly name: string;
  /** @throws Failure; files it made are then for the caller to delete */
  cut(id: string, members: readonly CutMember[]): Promise<Cut>;
  /** Makes `target` the same as an image that nobody writes to; complete and synced when it resolves. */
  clone(image: string, target: string): Promise<void>;
}

export interface Cut {
  readonly takenAt: Date;
  /** What this very cut got; never more. */
  readonly consistency: Consistency;
  /** Resolves once every target is complete and synced; rejects with a Failure. */
  readonly copied: Promise<void>;
}
