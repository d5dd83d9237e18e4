import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isBtrfs } from "./kind.ts";
import type { Tools } from "./tools.ts";

/** Subvolumes of btrfs: folders that can be taken whole, at one instant. */
export interface Subvolumes {
  create(path: string): Promise<void>;
  /** Makes `to` the same as the subvolume `from` is now: durable when it resolves. */
  snapshot(from: string, to: string): Promise<void>;
  /** None there is fine. Its blocks are freed in the background. */
  remove(path: string): Promise<void>;
  /** Paths of those in a folder. */
  list(folder: string): Promise<readonly string[]>;
}

/** The root of every subvolume has this inode number (BTRFS_FIRST_FREE_OBJECTID). */
const rootInode = 256;

export function btrfsSubvolumes(tools: Tools): Subvolumes {
  return {
    async create(path) {
      await tools.run(["btrfs", "subvolume", "create", path]);
    },
    async snapshot(from, to) {
      await tools.run(["btrfs", "subvolume", "snapshot", "-r", from, to]);
    },
    async remove(path) {
      if (await isSubvolume(path)) await tools.run(["btrfs", "subvolume", "delete", path]);
    },
    async list(folder) {
      const paths = (await readdir(folder)).map((name) => join(folder, name));
      const are = await Promise.all(paths.map(isSubvolume));
      return paths.filter((_, i) => are[i]);
    },
  };
}

export async function isSubvolume(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined); // nothing there
  return found?.isDirectory() === true && found.ino === rootInode && (await isBtrfs(path));
}
