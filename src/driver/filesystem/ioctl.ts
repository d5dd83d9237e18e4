import { loadLibc } from "../libc.ts";

/** ioctl(2) with a structure that the kernel reads and fills. @throws Error with the kernel's name for what went wrong */
export type Ioctl = (fd: number, request: number, argument: Buffer) => Promise<void>;

/** Undefined without koffi or off Linux. */
export async function loadIoctl(): Promise<Ioctl | undefined> {
  const libc = await loadLibc();
  if (libc === undefined) return undefined;
  return libc.asyncFunc("int ioctl(int fd, unsigned long request, void *argument)");
}
