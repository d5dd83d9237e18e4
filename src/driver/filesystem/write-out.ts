import { open } from "node:fs/promises";
import { limiter } from "../../lib/limit.ts";
import { loadLibc } from "../libc.ts";
import type { Tools } from "./tools.ts";

/** Brings to their devices what was written so far to the filesystems at the paths (syncfs(2)). */
export type WriteOut = (paths: readonly string[]) => Promise<void>;

/** One less than libuv has threads: devices that do not answer hold up the next cuts, and not everything else too. */
const atOnce = 3;

/** Without koffi it starts a process for each call. */
export async function loadWriteOut(tools: Tools): Promise<WriteOut> {
  const libc = await loadLibc();
  if (libc === undefined) return writeOutByTool(tools);
  const syncfs = libc.asyncFunc("int syncfs(int fd)");
  const turns = limiter(atOnce);
  const forEver = new AbortController().signal; // the kernel cannot be told to stop
  return async (paths) => {
    await Promise.all(paths.map((path) => turns.run(() => withOpen(path, syncfs), forEver)));
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
