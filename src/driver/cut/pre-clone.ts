import { type FileHandle, open } from "node:fs/promises";
import type { Extents } from "../filesystem/extents.ts";
import type { Ioctl } from "../filesystem/ioctl.ts";
import { differingRanges, type Range } from "./differing-ranges.ts";
import { reflink } from "./reflink.ts";

/** What the kernel does with the blocks of files. */
export interface Blocks {
  readonly extents: Extents;
  readonly ioctl: Ioctl;
}

/** A clone that is made in two steps, the second of which is short. */
export interface TwoStepClone {
  /** Makes the target what the image is now. @returns how many ranges had changed since the first step */
  finish(): Promise<number>;
  close(): Promise<void>;
}

/** FICLONERANGE is _IOW(0x94, 13, struct file_clone_range). */
const cloneRange = 0x4020940d;

/**
 * Clones an image that is written to, and keeps at hand what is needed to bring the clone up to date: cloning takes time for
 * every fragment of an image, comparing and cloning again only what has changed takes a hundredth of that.
 *
 * @throws a system error; EEXIST if the target is there
 */
export async function preClone(image: string, target: string, blocks: Blocks): Promise<TwoStepClone> {
  await reflink(image, target);
  const from = await open(image, "r");
  const to = await open(target, "r+").catch(async (error: unknown) => {
    await from.close();
    throw error;
  });
  const close = async () => void (await Promise.all([from.close(), to.close()]));
  try {
    const before = await blocks.extents.list(to.fd);
    const { size } = await from.stat();
    return {
      async finish() {
        const ranges = differingRanges(await blocks.extents.list(from.fd), before, size);
        for (const range of ranges) await reflinkRange({ from, to, range }, blocks.ioctl);
        return ranges.length;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
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
