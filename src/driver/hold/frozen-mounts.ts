import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import { Failure } from "../../lib/failure.ts";
import type { HoldRecord } from "../pool/records.ts";
import type { Freezing } from "./freezing.ts";

/** A mounted volume. */
export type Held = HoldRecord;

/**
 * Descriptors on mounts, opened before anything is frozen, with which they can be thawed whatever happens to their paths.
 *
 * A path whose volume was unmounted shows the filesystem below it, which may be the machine's own: each descriptor is
 * checked to be of its volume's device.
 */
export class FrozenMounts {
  readonly #fds: readonly number[];
  readonly #freezing: Freezing;

  /** @throws Failure "precondition" if a path is not the mount of its device */
  constructor(mounts: readonly Held[], freezing: Freezing) {
    this.#freezing = freezing;
    const fds: number[] = [];
    this.#fds = fds;
    try {
      for (const mount of mounts) fds.push(openMount(mount));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Freezes all at once; those that were frozen are thawed again if one cannot be. @throws Failure "precondition" */
  async freeze(): Promise<void> {
    const results = await Promise.allSettled(this.#fds.map((fd) => this.#freezing.freeze(fd)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed === undefined) return;
    for (const [i, fd] of this.#fds.entries()) if (results[i]?.status === "fulfilled") this.#freezing.thaw(fd);
    throw new Failure("precondition", `cannot freeze a filesystem: ${String(failed.reason)}`, { cause: failed.reason });
  }

  /** Thaws all. @returns true if every one had been frozen until now */
  thaw(): boolean {
    return this.#fds.map((fd) => this.#freezing.thaw(fd)).every((wasFrozen) => wasFrozen);
  }

  close(): void {
    for (const fd of this.#fds) closeSync(fd);
  }
}

function openMount({ path, device }: Held): number {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  if (fstatSync(fd).dev === statSync(device).rdev) return fd;
  closeSync(fd);
  throw new Failure("precondition", `${path} is not where ${device} is mounted`);
}
