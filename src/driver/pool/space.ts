import { Failure } from "../../lib/failure.ts";
import type { PoolFiles } from "./files.ts";
import { readableBytes } from "./sizes.ts";
import type { PoolState } from "./state.ts";

export interface Need {
  /** For the message: "volume pvc-1". */
  readonly what: string;
  /** What it may come to occupy: all of a volume's size, what a snapshot stores. */
  readonly promisedBytes: number;
  /** What is written at once. */
  readonly writtenBytes: number;
}

/**
 * How much fits into the pool.
 *
 * With a limit: the sizes of all volumes and the stored bytes of all snapshots together stay within it, so that writes to
 * volumes that exist never fail for lack of it. Without: volumes are thin, and each must only fit into what the filesystem
 * has free when it is made.
 */
export class Space {
  readonly #state: PoolState;
  readonly #files: PoolFiles;
  readonly #folder: string;
  readonly #limitBytes: number | undefined;

  constructor(deps: {
    readonly state: PoolState;
    readonly files: PoolFiles;
    readonly folder: string;
    readonly limitBytes: number | undefined;
  }) {
    this.#state = deps.state;
    this.#files = deps.files;
    this.#folder = deps.folder;
    this.#limitBytes = deps.limitBytes;
  }

  /** To be read just before `require`, which is synchronous so that nothing comes between it and the promise's record. */
  freeBytes(): Promise<number> {
    return this.#files.freeBytes(this.#folder);
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
    const neededBytes =
      unpromisedBytes === undefined ? Math.max(need.promisedBytes, need.writtenBytes) : need.writtenBytes;
    if (neededBytes > freeBytes)
      throw full(need.what, {
        needed: neededBytes,
        left: `${readableBytes(freeBytes)} on its filesystem`,
        remedy: "delete volumes or snapshots, or make room",
      });
  }

  #unpromisedBytes(): number | undefined {
    return this.#limitBytes === undefined ? undefined : this.#limitBytes - this.#state.promisedBytes();
  }
}

function full(what: string, shortage: { readonly needed: number; readonly left: string; readonly remedy: string }) {
  const { needed, left, remedy } = shortage;
  return new Failure(
    "exhausted",
    `cannot make ${what}: it needs ${readableBytes(needed)}, the pool has ${left} left; ${remedy}`,
  );
}
