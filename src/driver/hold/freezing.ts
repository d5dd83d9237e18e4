import { loadLibc } from "../libc.ts";

/** What the kernel offers to stop all changes of a mounted filesystem (ioctl_fs(2), linux/fs.h). */
export interface Freezing {
  /** Resolves once everything is written out and every further write waits. @throws Error with the kernel's reason */
  freeze(fd: number): Promise<void>;
  /**
   * Lets writers go on, in this very moment: it runs in no thread pool, which writers to a frozen filesystem may have filled.
   *
   * @returns false if it was not frozen, so a hold that was taken for granted had been lost
   * @throws Error with the kernel's reason for anything else
   */
  thaw(fd: number): boolean;
}

/** FIFREEZE and FITHAW are _IOWR('X', 119 and 120, int), the same number on every architecture Node runs on. */
const fifreeze = 0xc0045877;
const fithaw = 0xc0045878;

/** Undefined without koffi or off Linux. */
export async function loadFreezing(): Promise<Freezing | undefined> {
  const libc = await loadLibc();
  if (libc === undefined) return undefined;
  const signature = "int ioctl(int fd, unsigned long request, int none)";
  const [ioctl, asyncIoctl] = [libc.func(signature), libc.asyncFunc(signature)];
  return {
    freeze: (fd) => asyncIoctl(fd, fifreeze, 0),
    thaw(fd) {
      if (ioctl(fd, fithaw, 0) === 0) return true;
      const code = libc.errno();
      if (code === libc.codes.EINVAL) return false;
      throw new Error(libc.nameOf(code));
    },
  };
}
