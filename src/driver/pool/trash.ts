import type { Logger } from "../../lib/log.ts";
import type { Discarded, PoolFiles } from "./files.ts";
import type { Layout } from "./layout.ts";

/** What has less on the disk than this is freed at once: at worst 16,384 fragments, which is less than 0.1 s. */
const bigBytes = 64 << 20;
/** So many images wait at most; who deletes more waits for the end of each. */
const queueLimit = 1_000;

/**
 * Deletes images. A big one loses its name, and with it is gone for everybody; its blocks are freed in the background, one
 * image after the other, since that can take seconds.
 *
 * What waits for that stands in its folder under another name, so the next start goes on with it.
 */
export class Trash {
  readonly #files: PoolFiles;
  readonly #folders: readonly string[];
  readonly #log: Logger;
  readonly #stopped = new AbortController();
  readonly #waiting: Discarded[] = [];
  #bytes = 0;
  #emptying: Promise<void> = Promise.resolve();

  constructor(deps: {
    readonly files: PoolFiles;
    readonly layout: Pick<Layout, "volumes" | "snapshots">;
    readonly log: Logger;
  }) {
    this.#files = deps.files;
    this.#folders = [deps.layout.volumes, deps.layout.snapshots];
    this.#log = deps.log;
  }

  /** What is deleted and still takes room. */
  get bytes(): number {
    return this.#bytes;
  }

  /** None of the images is there when this resolves, on the disk neither; some may have been gone before. */
  async remove(images: readonly string[]): Promise<void> {
    const found = await Promise.all(images.map((path) => this.#files.find(path)));
    const room = queueLimit - this.#waiting.length;
    const isBig = (_: string, i: number) => (found[i]?.allocatedBytes ?? 0) >= bigBytes;
    const big = images.filter(isBig).slice(0, Math.max(0, room));
    await this.#files.remove(images.filter((path) => !big.includes(path)));
    for (const discarded of await this.#files.discard(big)) this.#add(discarded);
  }

  /** Goes on with what the last run left. */
  async resume(): Promise<void> {
    for (const folder of this.#folders)
      for (const discarded of await this.#files.listDiscarded(folder)) this.#add(discarded);
  }

  /** Resolves when nothing is being freed any more. */
  async close(): Promise<void> {
    this.#stopped.abort(new DOMException("the driver stops", "AbortError"));
    await this.#emptying;
  }

  #add(discarded: Discarded): void {
    this.#bytes += discarded.bytes;
    this.#waiting.push(discarded);
    if (this.#waiting.length === 1) this.#emptying = this.#empty();
  }

  async #empty(): Promise<void> {
    const { signal } = this.#stopped;
    for (let next = this.#waiting[0]; next !== undefined && !signal.aborted; next = this.#waiting[0]) {
      try {
        await this.#files.free(next.path, signal);
        this.#bytes -= next.bytes;
      } catch (error) {
        if (!signal.aborted)
          this.#log.error({ err: error, path: next.path }, "cannot free a deleted image; the next start tries again");
      }
      this.#waiting.shift();
    }
  }
}
