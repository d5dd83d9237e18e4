import { open } from "node:fs/promises";
import { abortOf } from "../../lib/abort.ts";
import { type Clock, withTimeout } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { limiter } from "../../lib/limit.ts";
import { failed, loadLibc } from "../libc.ts";
import type { Tools } from "./tools.ts";

/**
 * Brings to their devices what was written so far to the filesystems at the paths (syncfs(2)).
 *
 * @throws Failure "timeout" if a device does not answer; a system error
 */
export type WriteOut = (paths: readonly string[]) => Promise<void>;

/** Without koffi it starts a process for each call. */
export async function loadWriteOut(tools: Tools, clock: Clock): Promise<WriteOut> {
  const libc = await loadLibc();
  return libc ? writeOutBySyscall(libc.asyncFunc("int syncfs(int fd)"), clock) : writeOutByTool(tools);
}

/** One less than libuv has threads: devices that do not answer hold up the next cuts, and not everything else too. */
const atOnce = 3;
/** Much longer than disks take for what memory holds; tools have as long. */
const timeoutMs = 120_000;
const forEver = new AbortController().signal; // a cut that was begun is not called off

export function writeOutBySyscall(syncfs: (fd: number) => Promise<void>, clock: Clock): WriteOut {
  const turns = limiter(atOnce); // kept past the limit by calls in the kernel, which cannot be told to stop
  return async (paths) => {
    const what = `writing out ${paths.join(", ")}`;
    const late = (error: unknown) => {
      if (!(error instanceof DOMException)) throw error;
      const advice = "a device does not answer, or is very slow: look at the kernel's log";
      throw new Failure("timeout", `${error.message}: ${advice}`, { cause: error });
    };
    await withTimeout(clock, { timeoutMs, what, signal: forEver }, (deadline) => {
      const each = paths.map((path) =>
        turns.run(() => withOpen(path, syncfs).catch(failed(`write out what is at ${path}`)), deadline),
      );
      return Promise.race([Promise.all(each), abortOf(deadline)]);
    }).catch(late);
  };
}

export function writeOutByTool(tools: Tools): WriteOut {
  return async (paths) => {
    await Promise.all(paths.map((path) => tools.run(["sync", "--file-system", path])));
  };
}

async function withOpen(path: string, work: (fd: number) => Promise<void>): Promise<void> {
  const folder = await open(path);
  try {
    await work(folder.fd);
  } finally {
    await folder.close();
  }
}
