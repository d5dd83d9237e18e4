import type { LibraryHandle } from "koffi";

/** The C library of this process, for calls of the kernel that Node has none for. */
export interface Libc {
  /** @param signature in C */
  readonly func: (signature: string) => ReturnType<LibraryHandle["func"]>;
  /** For calls that give 0 or fail: off this thread, rejecting with an error that carries the kernel's name for it. */
  readonly asyncFunc: (signature: string) => (...args: readonly unknown[]) => Promise<void>;
  /** Of the last call that failed, an asynchronous one's in its callback. */
  errno(): number;
  readonly codes: Readonly<Record<string, number>>;
  /** Such as "EBUSY". */
  nameOf(code: number): string;
}

/** Undefined off Linux and without koffi, an optional dependency: who needs it says what is missing. */
export async function loadLibc(): Promise<Libc | undefined> {
  if (process.platform !== "linux") return undefined;
  const koffi = await import("koffi").then(
    (module) => module.default,
    () => undefined,
  );
  if (koffi === undefined) return undefined;
  const library = koffi.load(null);
  const codes = koffi.os.errno;
  const nameOf = (code: number) => Object.entries(codes).find(([, number]) => number === code)?.[0] ?? `error ${code}`;
  return {
    func: (signature) => library.func(signature),
    asyncFunc: (signature) => asyncFunc(library.func(signature), () => nameOf(koffi.errno())),
    errno: () => koffi.errno(),
    codes,
    nameOf,
  };
}

function asyncFunc(func: ReturnType<LibraryHandle["func"]>, nameOfLast: () => string): ReturnType<Libc["asyncFunc"]> {
  return (...args) =>
    new Promise((resolve, reject) => {
      func.async(...args, (error: Error | null, result: number) => {
        if (error !== null) return reject(error);
        if (result === 0) return resolve();
        const code = nameOfLast();
        reject(Object.assign(new Error(code), { code }));
      });
    });
}

/** For `catch`: says what was tried. It still is a system error, by its code; the kernel says no more than that. */
export function failed(tried: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    const { code } = error;
    throw Object.assign(new Error(`cannot ${tried}: ${error.message}`, { cause: error }), { code });
  };
}
