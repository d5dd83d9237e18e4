import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { failed } from "../libc.ts";
import type { Ioctl } from "./ioctl.ts";
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

/** @param ioctl where it is absent a process is started for each call */
export function btrfsSubvolumes(tools: Tools, ioctl: Ioctl | undefined): Subvolumes {
  const { snapshot, remove } = ioctl === undefined ? changesByTool(tools) : changesByIoctl(ioctl);
  return {
    snapshot,
    async create(path) {
      await tools.run(["btrfs", "subvolume", "create", path]);
    },
    async remove(path) {
      if (await isSubvolume(path)) await remove(path);
    },
    async list(folder) {
      const paths = (await readdir(folder)).map((name) => join(folder, name));
      const are = await Promise.all(paths.map(isSubvolume));
      return paths.filter((_, i) => are[i]);
    },
  };
}

type Changes = Pick<Subvolumes, "snapshot" | "remove">;

function changesByTool(tools: Tools): Changes {
  return {
    async snapshot(from, to) {
      await tools.run(["btrfs", "subvolume", "snapshot", "-r", from, to]);
    },
    async remove(path) {
      await tools.run(["btrfs", "subvolume", "delete", path]);
    },
  };
}

/** BTRFS_IOC_SNAP_CREATE_V2 and BTRFS_IOC_SNAP_DESTROY (linux/btrfs.h) are asked of the folder in which the subvolume is. */
const snapCreate = { request: 0x50009417, nameAt: 56, flagsAt: 16 };
const snapDestroy = { request: 0x5000940f, nameAt: 8 };
const argumentBytes = 4096;
const readOnly = 2n;

function changesByIoctl(ioctl: Ioctl): Changes {
  return {
    snapshot: (from, to) =>
      whileOpen(from, (source) =>
        whileOpen(dirname(to), async (folder) => {
          const argument = Buffer.alloc(argumentBytes);
          argument.writeBigInt64LE(BigInt(source.fd), 0);
          argument.writeBigUInt64LE(readOnly, snapCreate.flagsAt);
          argument.write(basename(to), snapCreate.nameAt);
          await ioctl(folder.fd, snapCreate.request, argument).catch(failed(`take a snapshot of ${from} as ${to}`));
        }),
      ),
    remove: (path) =>
      whileOpen(dirname(path), async (folder) => {
        const argument = Buffer.alloc(argumentBytes);
        argument.write(basename(path), snapDestroy.nameAt);
        await ioctl(folder.fd, snapDestroy.request, argument).catch(failed(`delete the subvolume ${path}`));
      }),
  };
}

async function whileOpen(path: string, work: (folder: FileHandle) => Promise<void>): Promise<void> {
  const folder = await open(path);
  try {
    await work(folder);
  } finally {
    await folder.close();
  }
}

export async function isSubvolume(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined); // nothing there
  return found?.isDirectory() === true && found.ino === rootInode && (await isBtrfs(path));
}
