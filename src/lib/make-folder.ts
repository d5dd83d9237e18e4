import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder, and its parents where there are none, for their owner only (0700). One that exists stays as it is.
 *
 * Not by mkdir's own `recursive`: under /proc, where nothing can be made, Node 20 then tries for ever.
 * @throws the file system's error; EEXIST or ENOTDIR if a file is in the way
 */
export function makeFolder(path: string): void {
  const folder = resolve(path);
  const parent = dirname(folder);
  if (parent !== folder && !existsSync(parent)) makeFolder(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
