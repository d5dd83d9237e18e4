import { Failure } from "../../lib/failure.ts";
import type { PoolFiles } from "./files.ts";
import { readableBytes } from "./sizes.ts";
import type { PoolState } from "./state.ts";
import type { Trash } from "./trash.ts";

export interface Need {
  /** For the message: "volume pvc-1". */
  readonly what: string;
  /** What it may come to occupy: all of a volume's size, what a snapshot stores. */
  readonly promisedBytes: number;
  /** What is written at once. */
  readonly writtenBytes: number;
  /** It shares all its blocks with what is there, and takes room only as that is overwritten. */
  readonly isShared?: boolean;
}

/** Room that is left for volumes that exist: after a snapshot every overwrite takes a new block. */
const reservePart = 0.1;
const reserveLeastBytes = 2 ** 30;
/** A small pool is not eaten up by its reserve. */
const reserveMostPart = 0.25;

/** So far above its reserve people are told. */
const alarmFactor = 2;

export interface SpaceLevels {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Of what is free; 0 where snapshots and volumes share no blocks. */
  readonly reserveBytes: number;
  /** Less than twice the reserve is left. */
  readonly isLow: boolean;
}

function reserveOf(totalBytes: number): number {
  return Math.ceil(Math.max(totalBytes * reservePart, Math.min(reserveLeastBytes, totalBytes * reserveMostPart)));
}

/**
 * How much fits into the pool.
 *
 * With a limit: the sizes of all volumes and the stored bytes of all snapshots, and of what is deleted and not freed yet,
 * together stay within it, so that writes to
 * volumes that exist never fail for lack of it. Without: volumes are thin, and each must only fit into what the filesystem
 * has free when it is made.
 *
 * Where snapshots share blocks with their volumes, a part of the filesystem is kept for writes to volumes that exist.
 */
export class Space {
  readonly #state: PoolState;
  readonly #files: PoolFiles;
  readonly #folder: string;
  readonly #limitBytes: number | undefined;
  readonly #keepsReserve: boolean;
  readonly #trash: Pick<Trash, "bytes">;

  constructor(deps: {
    readonly state: PoolState;
    readonly files: PoolFiles;
    readonly folder: string;
    readonly limitBytes: number | undefined;
    readonly keepsReserve: boolean;
    readonly trash: Pick<Trash, "bytes">;
  }) {
    this.#state = deps.state;
    this.#files = deps.files;
    this.#folder = deps.folder;
    this.#limitBytes = deps.limitBytes;
    this.#keepsReserve = deps.keepsReserve;
    this.#trash = deps.trash;
  }

  /** To be read just before `require`, which is synchronous so that nothing comes between it and the promise's record. */
  async freeBytes(): Promise<number> {
    const { freeBytes, reserveBytes } = await this.levels();
    return Math.max(0, freeBytes - reserveBytes);
  }

  /** What its filesystem has, has left, and keeps. */
  async levels(): Promise<SpaceLevels> {
    const [freeBytes, totalBytes] = await Promise.all([
      this.#files.freeBytes(this.#folder),
      this.#files.totalBytes(this.#folder),
    ]);
    const reserveBytes = this.#keepsReserve ? reserveOf(totalBytes) : 0;
    return { totalBytes, freeBytes, reserveBytes, isLow: freeBytes < alarmFactor * reserveBytes };
  }

  /** The largest volume that can be made now. */
  async availableBytes(): Promise<number> {
    const freeBytes = await this.freeBytes();
    return Math.max(0, Math.min(freeBytes, this.#unpromisedBytes() ?? freeBytes));
  }

  /** @throws Failure "exhausted" that says how much there is and how much is needed */
  require(need: Need, freeBytes: number): void {
    const unpromisedBytes = this.#unpromisedBytes();
    if (unpromisedBytes !== undefined && need.promisedBytes > unpromisedBytes)
      throw full(need.what, {
        needed: need.promisedBytes,
        left: `${readableBytes(Math.max(0, unpromisedBytes))} of its limit of ${readableBytes(this.#limitBytes ?? 0)}`,
        remedy: "delete volumes or snapshots, or raise --pool-size",
      });
    const isPromised = unpromisedBytes === undefined && !need.isShared;
    const neededBytes = isPromised ? Math.max(need.promisedBytes, need.writtenBytes) : need.writtenBytes;
    const hasRoom = need.isShared ? freeBytes > 0 : neededBytes <= freeBytes;
    if (!hasRoom)
      throw full(need.what, {
        needed: neededBytes,
        left: `${readableBytes(freeBytes)} on its filesystem${this.#keepsReserve ? " beside its reserve" : ""}`,
        remedy: "delete volumes or snapshots, or make room",
      });
  }

  #unpromisedBytes(): number | undefined {
    return this.#limitBytes && this.#limitBytes - this.#state.promisedBytes() - this.#trash.bytes;
  }
}

function full(what: string, shortage: { readonly needed: number; readonly left: string; readonly remedy: string }) {
  const { needed, left, remedy } = shortage;
  return new Failure(
    "exhausted",
    `cannot make ${what}: it needs ${readableBytes(needed)}, the pool has ${left} left; ${remedy}`,
  );
}
