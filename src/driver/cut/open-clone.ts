import { type FileHandle, open } from "node:fs/promises";
import type { Extent, Extents } from "../filesystem/extents.ts";
import type { Ioctl } from "../filesystem/ioctl.ts";
import { failed } from "../libc.ts";
import { differingRanges, type Range } from "./differing-ranges.ts";

/** What the kernel does with the blocks of files. */
export interface Blocks {
  readonly extents: Extents;
  readonly ioctl: Ioctl;
}

/** A clone that is about to be made: its target is there, and empty. */
export interface OpenClone {
  /** In how many pieces the image lies on the disk. */
  fragments(): Promise<number>;
  /**
   * Clones the image, to be brought up to date by `finish`: cloning takes time for every fragment, comparing and cloning
   * again only what has changed takes a hundredth of that.
   */
  begin(): Promise<void>;
  /** Makes the target what the image is now; of one instant if it was not begun. @returns how many ranges it cloned */
  finish(): Promise<number>;
  /** Once what is under way has ended, and no more of it is begun: a hold may end before the clones that were made in it. */
  close(): Promise<void>;
}

/** FICLONERANGE is _IOW(0x94, 13, struct file_clone_range). */
const cloneRange = 0x4020940d;

/** Of a file, whatever its length. */
const whole: Range = { start: 0, end: 0 };

/**
 * Opens an image that is written to, and makes the target, so that nothing is left to do in a hold but to share blocks.
 *
 * @throws a system error; EEXIST if the target is there
 */
export async function openClone(image: string, target: string, { extents, ioctl }: Blocks): Promise<OpenClone> {
  const from = await open(image, "r");
  const to = await open(target, "wx+", 0o600).catch(async (error: unknown) => {
    await from.close();
    throw error;
  });
  let begun: readonly Extent[] | undefined;
  let underWay: Promise<unknown> = Promise.resolve();
  const closing = new AbortController();
  const share = (range: Range) => {
    closing.signal.throwIfAborted();
    const shared = reflinkRange({ from, to, range }, ioctl).catch(failed(`share blocks of ${image} with ${target}`));
    underWay = shared.catch(() => undefined); // told to who shares
    return shared;
  };
  return {
    fragments: () => extents.count(from.fd),
    async begin() {
      await share(whole);
      begun = await extents.list(to.fd);
    },
    async finish() {
      const { size } = await from.stat();
      const ranges = begun === undefined ? [whole] : differingRanges(await extents.list(from.fd), begun, size);
      for (const range of ranges) await share(range);
      return ranges.length;
    },
    async close() {
      closing.abort(new Error(`the clone of ${image} was given up`));
      await underWay; // the kernel knows files by number, and the number of one that is closed goes to the next
      await Promise.all([from.close(), to.close()]);
    },
  };
}

async function reflinkRange(
  { from, to, range }: { readonly from: FileHandle; readonly to: FileHandle; readonly range: Range },
  ioctl: Ioctl,
): Promise<void> {
  const request = Buffer.alloc(32);
  for (const [i, field] of [from.fd, range.start, range.end - range.start, range.start].entries())
    request.writeBigInt64LE(BigInt(field), i * 8);
  await ioctl(to.fd, cloneRange, request);
}
