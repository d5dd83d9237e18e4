/** ioctl(2) with a structure that the kernel reads and fills. @throws Error with the kernel's name for what went wrong */
export type Ioctl = (fd: number, request: number, argument: Buffer) => Promise<void>;

/** Undefined without koffi or off Linux. */
export async function loadIoctl(): Promise<Ioctl | undefined> {
  if (process.platform !== "linux") return undefined;
  const koffi = await import("koffi").then(
    (module) => module.default,
    () => undefined, // an optional dependency: who needs it says what is missing
  );
  if (koffi === undefined) return undefined;
  const ioctl = koffi.load(null).func("int ioctl(int fd, unsigned long request, void *argument)");
  const { errno } = koffi.os;
  const nameOf = (code: number) => Object.entries(errno).find(([, number]) => number === code)?.[0] ?? `error ${code}`;
  return (fd, request, argument) =>
    new Promise((resolve, reject) => {
      ioctl.async(fd, request, argument, (error: Error | null, result: number) => {
        if (error !== null) return reject(error);
        if (result === 0) return resolve();
        const code = nameOf(koffi.errno());
        reject(Object.assign(new Error(`${code}: ioctl ${request.toString(16)}`), { code }));
      });
    });
}
