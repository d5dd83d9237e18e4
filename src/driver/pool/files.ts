import { constants } from "node:fs";
import { copyFile, open, readdir, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { syncFolders } from "../sync-folders.ts";

/** What the pool does to its folders; the seam where tests put faults in. What it throws are system errors. */
export interface PoolFiles {
  /** An empty sparse image, synced with its folder. */
  createEmpty(path: string, sizeBytes: number): Promise<void>;
  /** Makes an image larger, synced. */
  grow(path: string, sizeBytes: number): Promise<void>;
  /** Removes files that may be gone already, and syncs their folders. */
  remove(paths: readonly string[]): Promise<void>;
  /** Takes images, which are there, out of the way, under names that nobody looks for; synced. @returns what they are now */
  discard(paths: readonly string[]): Promise<readonly Discarded[]>;
  /** What was discarded in a folder. */
  listDiscarded(folder: string): Promise<readonly Discarded[]>;
  /** Deletes what was discarded, piece by piece, until it is gone or the signal says stop. */
  free(path: string, signal: AbortSignal): Promise<void>;
  /** Ids of the images in a folder. */
  listImages(folder: string): Promise<readonly string[]>;
  /** Undefined if there is no such image. */
  find(path: string): Promise<{ readonly sizeBytes: number; readonly allocatedBytes: number } | undefined>;
  /** What an ordinary user can still write to the filesystem. */
  freeBytes(folder: string): Promise<number>;
  /** The filesystem's whole size. */
  totalBytes(folder: string): Promise<number>;
  /** True if files in the folder can share blocks: tried, not guessed by the filesystem's name. */
  canReflink(folder: string): Promise<boolean>;
}

/** A file that is deleted, and still takes room. */
export interface Discarded {
  readonly path: string;
  readonly bytes: number;
}

const imageEnding = ".img";
const discardedEnding = ".trash";
/** What is freed in one go: other writes to the filesystem wait for no more than that. */
const pieceBytes = 2 ** 30;
const blockBytes = 512;

export const systemFiles: PoolFiles = {
  async createEmpty(path, sizeBytes) {
    const file = await open(path, "wx", 0o600);
    try {
      await file.truncate(sizeBytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolders([path]);
  },

  async grow(path, sizeBytes) {
    const file = await open(path, "r+");
    try {
      await file.truncate(sizeBytes);
      await file.sync();
    } finally {
      await file.close();
    }
  },

  async remove(paths) {
    await Promise.all(paths.map((path) => rm(path, { force: true })));
    await syncFolders(paths);
  },

  async discard(paths) {
    const discarded = paths.map((path) => `${path}${discardedEnding}`);
    await Promise.all(paths.map((path, i) => rename(path, discarded[i] ?? path)));
    await syncFolders(paths);
    return Promise.all(discarded.map(discardedAt));
  },

  async listDiscarded(folder) {
    const names = (await readdir(folder)).filter((name) => name.endsWith(discardedEnding));
    return Promise.all(names.map((name) => discardedAt(join(folder, name))));
  },

  async free(path, signal) {
    const file = await open(path, "r+");
    try {
      let { size } = await file.stat();
      while (size > 0) {
        signal.throwIfAborted();
        size = Math.max(0, size - pieceBytes);
        await file.truncate(size);
      }
    } finally {
      await file.close();
    }
    await rm(path);
  },

  async listImages(folder) {
    const names = await readdir(folder);
    return names.filter((name) => name.endsWith(imageEnding)).map((name) => basename(name, imageEnding));
  },

  async find(path) {
    try {
      const found = await stat(path);
      return { sizeBytes: found.size, allocatedBytes: found.blocks * blockBytes };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // system errors carry a code
      throw error;
    }
  },

  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },

  async totalBytes(folder) {
    const { blocks, bsize } = await statfs(folder);
    return blocks * bsize;
  },

  async canReflink(folder) {
    const probe = join(folder, ".reflink-probe");
    const clone = `${probe}-clone`;
    try {
      await writeFile(probe, Buffer.alloc(4096, 1), { mode: 0o600 });
      await copyFile(probe, clone, constants.COPYFILE_FICLONE_FORCE);
      return true;
    } catch {
      return false; // whatever the reason, copying will do
    } finally {
      await Promise.all([rm(probe, { force: true }), rm(clone, { force: true })]);
    }
  },
};

async function discardedAt(path: string): Promise<Discarded> {
  return { path, bytes: (await stat(path)).blocks * blockBytes };
}
