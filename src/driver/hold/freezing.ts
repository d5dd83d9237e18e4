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
  if (process.platform !== "linux") return undefined;
  const koffi = await import("koffi").then(
    (module) => module.default,
    () => undefined, // an optional dependency: the engine's finding says what is missing
  );
  if (koffi === undefined) return undefined;
  const ioctl = koffi.load(null).func("int ioctl(int fd, unsigned long request, int none)");
  const { errno } = koffi.os;
  const nameOf = (code: number) => Object.entries(errno).find(([, number]) => number === code)?.[0] ?? `error ${code}`;
  return {
    freeze: (fd) =>
      new Promise((resolve, reject) => {
        ioctl.async(fd, fifreeze, 0, (error: Error | null, result: number) => {
          if (error !== null) return reject(error);
          if (result === 0) return resolve();
          reject(new Error(nameOf(koffi.errno())));
        });
      }),
    thaw(fd) {
      if (ioctl(fd, fithaw, 0) === 0) return true;
      const code = koffi.errno();
      if (code === errno.EINVAL) return false;
      throw new Error(nameOf(code));
    },
  };
}
