import type { LibraryHandle } from "koffi";

/** The C library of this process, for calls of the kernel that Node has none for. */
export interface Libc {
  /** @param signature in C */
  readonly func: (signature: string) => ReturnType<LibraryHandle["func"]>;
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
  return {
    func: (signature) => library.func(signature),
    errno: () => koffi.errno(),
    codes,
    nameOf: (code) => Object.entries(codes).find(([, number]) => number === code)?.[0] ?? `error ${code}`,
  };
}
