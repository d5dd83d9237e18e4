import type { CutMember } from "../block/protocol.ts";

/**
 * What a snapshot is worth. "crash": as after a power cut of all members at one instant. "filesystem": with clean
 * journals too. "none": no common instant.
 */
export type Consistency = (typeof levels)[number];

const levels = ["none", "crash", "filesystem"] as const;

export function isAtLeast(has: Consistency, wanted: Consistency): boolean {
  return levels.indexOf(has) >= levels.indexOf(wanted);
}

/** What several are worth together. */
export function leastOf(all: readonly Consistency[]): Consistency {
  return levels.find((level) => all.includes(level)) ?? "none";
}

/** What a cut is asked to be worth. */
export interface CutWish {
  readonly consistency: "crash" | "filesystem";
  /** Take what can be had, and record that, instead of failing. */
  readonly allowDowngrade: boolean;
}

/** What every engine gives. */
export const anyCut: CutWish = { consistency: "crash", allowDowngrade: false };

/** Why a cut is worth less than was asked for. */
export interface Shortfall {
  readonly why: string;
  /** The next cut may be worth more. */
  readonly mayPass: boolean;
}

/** A way to take several volumes at one instant. */
export interface CutEngine {
  readonly name: string;
  /** Snapshots and clones take no room of their own until their source is overwritten. */
  readonly sharesBlocks: boolean;
  /**
   * Comes as near to the wish as it can, and says what it got.
   *
   * @throws Failure; files it made are then for the caller to delete
   */
  cut(id: string, members: readonly CutMember[], wish: CutWish): Promise<Cut>;
  /** Makes `target` the same as an image that nobody writes to; complete and synced when it resolves. */
  clone(image: string, target: string): Promise<void>;
}

export interface Cut {
  readonly takenAt: Date;
  /** What this very cut got; never more. */
  readonly consistency: Consistency;
  /** Why that is less than the wish; absent where it is not, or where the engine never gives more. */
  readonly shortfall?: Shortfall;
  /** Resolves once every target is complete and synced; rejects with a Failure. */
  readonly copied: Promise<void>;
}
