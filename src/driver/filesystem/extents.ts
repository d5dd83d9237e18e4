import { open } from "node:fs/promises";
import { type Ioctl, loadIoctl } from "./ioctl.ts";

/** A run of blocks of a file, and where it lies on the disk (linux/fiemap.h). */
export interface Extent {
  readonly logical: number;
  readonly physical: number;
  readonly length: number;
  readonly flags: number;
}

/** Other files have these blocks too. */
const shared = 0x2000;
/** Allocated, and never written. */
const unwritten = 0x800;
/** No place on the disk yet, or none of its own: unknown, delayed, encoded, inline. */
const unclear = 0x2 | 0x4 | 0x8 | 0x200;

/** True if it reads as zeroes. */
export const isZeroes = ({ flags }: Extent) => (flags & unwritten) !== 0;
/** True if its place on the disk says what is in it. */
export const isKnown = ({ flags }: Extent) => (flags & unclear) === 0;
/** FS_IOC_FIEMAP is _IOWR('f', 11, struct fiemap). */
const fiemap = 0xc020660b;
const headBytes = 32;
const extentBytes = 56;
const lastExtent = 0x1;
const syncFirst = 0x1;
/** How many are asked for at once: 0.9 MiB of answer. */
const extentsAtOnce = 16_384;
/** A file with more is not listed: 16 GiB of fragments of 4 KiB, or 500 MiB of memory. */
const extentLimit = 1 << 22;
const wholeFile = 0xffff_ffff_ffff_ffffn;

/** What the kernel tells of where files lie. */
export interface Extents {
  /** In the order of the file; what was written so far is on the disk first. @throws Error, also for too many */
  list(fd: number): Promise<readonly Extent[]>;
  count(fd: number): Promise<number>;
  /** What would be free if the file were deleted now; undefined where its filesystem does not tell. */
  exclusiveBytes(path: string): Promise<number | undefined>;
}

/** Undefined without koffi or off Linux. */
export async function loadExtents(): Promise<Extents | undefined> {
  const ioctl = await loadIoctl();
  return ioctl && extentsBy(ioctl);
}

function extentsBy(ioctl: Ioctl): Extents {
  async function list(fd: number): Promise<readonly Extent[]> {
    const extents: Extent[] = [];
    for (let last: Extent | undefined; ((last?.flags ?? 0) & lastExtent) === 0; last = extents.at(-1)) {
      const found = await ask(fd, { start: last ? last.logical + last.length : 0, count: extentsAtOnce });
      if (found.extents.length === 0) break;
      extents.push(...found.extents);
      if (extents.length > extentLimit) throw new Error(`the file has more than ${extentLimit} fragments`);
    }
    return extents;
  }

  async function ask(fd: number, { start, count }: { readonly start: number; readonly count: number }) {
    const request = Buffer.alloc(headBytes + count * extentBytes);
    request.writeBigUInt64LE(BigInt(start), 0);
    request.writeBigUInt64LE(wholeFile - BigInt(start), 8);
    request.writeUInt32LE(syncFirst, 16);
    request.writeUInt32LE(count, 24);
    await ioctl(fd, fiemap, request);
    const mapped = request.readUInt32LE(20);
    return { mapped, extents: Array.from({ length: Math.min(mapped, count) }, (_, i) => extentAt(request, i)) };
  }

  return {
    list,
    count: async (fd) => (await ask(fd, { start: 0, count: 0 })).mapped,
    async exclusiveBytes(path) {
      const file = await open(path, "r");
      try {
        const own = (await list(file.fd)).filter(({ flags }) => (flags & shared) === 0);
        return own.reduce((sum, { length }) => sum + length, 0);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EOPNOTSUPP") return undefined; // as `loadIoctl` names it
        throw error;
      } finally {
        await file.close();
      }
    },
  };
}

/** Offsets on disks of today fit a double. */
function extentAt(answer: Buffer, index: number): Extent {
  const at = headBytes + index * extentBytes;
  return {
    logical: Number(answer.readBigUInt64LE(at)),
    physical: Number(answer.readBigUInt64LE(at + 8)),
    length: Number(answer.readBigUInt64LE(at + 16)),
    flags: answer.readUInt32LE(at + 40),
  };
}
