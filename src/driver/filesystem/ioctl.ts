import { loadLibc } from "../libc.ts";

/** ioctl(2) with a structure that the kernel reads and fills. @throws Error with the kernel's name for what went wrong */
export type Ioctl = (fd: number, request: number, argument: Buffer) => Promise<void>;

/** Undefined without koffi or off Linux. */
export async function loadIoctl(): Promise<Ioctl | undefined> {
  const libc = await loadLibc();
  if (libc === undefined) return undefined;
  const ioctl = libc.func("int ioctl(int fd, unsigned long request, void *argument)");
  return (fd, request, argument) =>
    new Promise((resolve, reject) => {
      ioctl.async(fd, request, argument, (error: Error | null, result: number) => {
        if (error !== null) return reject(error);
        if (result === 0) return resolve();
        const code = libc.nameOf(libc.errno());
        reject(Object.assign(new Error(`${code}: ioctl ${request.toString(16)}`), { code }));
      });
    });
}
