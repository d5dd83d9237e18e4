import type { FileHandle } from "node:fs/promises";
import { loadLibc } from "../libc.ts";

/**
 * What the kernel can do with a sparse file that Node has no call for. Absent where koffi is not installed: then holes
 * are found by reading and made by writing zeroes, slower but as right.
 */
export interface Kernel {
  /** The next byte at or after `offset` that may hold data, or undefined if only a hole follows. */
  nextData(file: FileHandle, offset: number): number | undefined;
  /** The next byte at or after `offset` that lies in a hole; the end of the file counts as one. */
  nextHole(file: FileHandle, offset: number): number;
  /** Makes a range read as zeroes and gives its blocks back. False if the filesystem cannot. */
  punch(file: FileHandle, offset: number, length: number): Promise<boolean>;
}

const seekData = 3;
const seekHole = 4;
const keepSizeAndPunch = 0x01 | 0x02;

/** Loads the kernel's calls, once a process; undefined without koffi or off Linux. */
export async function loadKernel(): Promise<Kernel | undefined> {
  const libc = await loadLibc();
  if (libc === undefined) return undefined;
  const lseek = libc.func("int64_t lseek(int fd, int64_t offset, int whence)");
  const fallocate = libc.func("int fallocate(int fd, int mode, int64_t offset, int64_t length)");
  return {
    nextData(file, offset) {
      const found = Number(lseek(file.fd, offset, seekData));
      if (found >= 0) return found;
      const error = libc.errno();
      if (error === libc.codes.ENXIO) return undefined;
      throw new Error(`cannot look for data in an image: error ${error}`); // a hole for data would lose the data
    },
    nextHole(file, offset) {
      const found = Number(lseek(file.fd, offset, seekHole));
      return found < 0 ? Number.MAX_SAFE_INTEGER : found;
    },
    punch: (file, offset, length) =>
      new Promise((resolve) => {
        fallocate.async(file.fd, keepSizeAndPunch, offset, length, (error: Error | null, result: number) =>
          resolve(error === null && result === 0),
        );
      }),
  };
}
