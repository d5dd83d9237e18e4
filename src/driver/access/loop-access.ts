import { mkdir, open, rm, rmdir, stat, statfs } from "node:fs/promises";
import { Failure } from "../../lib/failure.ts";
import {
  filesystemType,
  growMounted,
  growUnmountedExt4,
  mayGrowMountedExt4,
  prepareFilesystem,
} from "../filesystem/format.ts";
import { isXfs } from "../filesystem/kind.ts";
import type { LoopDevices } from "../filesystem/loop.ts";
import { type Mounts, mountPointOf } from "../filesystem/mounts.ts";
import type { Tools } from "../filesystem/tools.ts";
import type { PoolFiles } from "../pool/files.ts";
import { type Layout, volumeImage } from "../pool/layout.ts";
import type { VolumeRecord } from "../pool/records.ts";
import type { Access, NewUse } from "./access.ts";

interface Deps {
  readonly layout: Layout;
  readonly files: PoolFiles;
  readonly tools: Tools;
  readonly loops: LoopDevices;
  readonly mounts: Mounts;
}

/**
 * With root: a staged volume is a loop device, with its filesystem mounted at the staging path (Filesystem). A published
 * one is that mount, or that device (Block), bound to the target path.
 *
 * Devices and mounts are the kernel's: they outlive this process, and what is there is looked up, never remembered.
 */
export function loopAccess(deps: Deps): Access {
  const { layout, files, loops, mounts, tools } = deps;
  return {
    name: "loop",
    growsFilesystems: true,
    ready: async () => undefined,

    async stage(volume, use) {
      const image = volumeImage(layout, volume.id);
      const device = await loops.attach(image, { cached: !(await isXfs(image)) }); // cached once is enough; btrfs was proven with a cache
      if (use.access === "filesystem") await mountVolume(volume, { ...use, device }, deps);
    },

    async publish(volume, use, stagingPath) {
      const path = await mountPointOf(use.path);
      if (await isThere(path, use, volume, deps)) return;
      if (use.access === "filesystem") {
        await mkdir(path, { recursive: true, mode: 0o750 });
        await mounts.bind({ from: await mountPointOf(stagingPath), path, readOnly: use.readOnly });
        return;
      }
      await (await open(path, "a", 0o600)).close();
      await mounts.bind({ from: await deviceOf(volume, deps), path, readOnly: false });
    },

    async end(use, others) {
      const path = await mountPointOf(use.path).catch(() => undefined); // its folder is gone: so is the use
      if (path !== undefined) await mounts.unmount(path);
      if (path !== undefined && use.kind === "publish") await removeTarget(path);
      if (others.length === 0) await loops.detach(volumeImage(layout, use.volumeId));
    },

    async grow(image, sizeBytes) {
      await files.grow(image, sizeBytes);
      await loops.grow(image);
    },

    async growFilesystem(volume, use) {
      if (use.access === "block" || use.readOnly) return;
      const mount = await mounts.at(await mountPointOf(use.path));
      if (mount === undefined)
        throw new Failure("precondition", `volume ${volume.id} is not mounted at ${use.path}; stage it first`);
      await growMounted({ device: await deviceOf(volume, deps), path: mount.path }, mount.type, tools);
    },

    async usage(use) {
      if (use.access === "block") return undefined;
      const { blocks, bfree, bavail, bsize, files: inodes, ffree } = await statfs(use.path);
      return {
        bytes: { total: blocks * bsize, used: (blocks - bfree) * bsize, available: bavail * bsize },
        inodes: { total: inodes, used: inodes - ffree, available: ffree },
      };
    },

    close: async () => undefined, // volumes in use stay in use
  };
}

/** After recovery: devices follow their images, which may have grown or gone when the last run died. */
export async function settleLoops({ layout, files, loops }: Pick<Deps, "layout" | "files" | "loops">): Promise<void> {
  for (const image of await loops.below(layout.volumes)) {
    if ((await files.find(image)) === undefined) await loops.detach(image);
    else await loops.grow(image);
  }
}

async function deviceOf(volume: VolumeRecord, { layout, loops }: Deps): Promise<string> {
  const device = await loops.find(volumeImage(layout, volume.id));
  if (device === undefined)
    throw new Failure("precondition", `volume ${volume.id} is attached nowhere: stage it first`);
  return device;
}

async function mountVolume(volume: VolumeRecord, use: NewUse & { readonly device: string }, deps: Deps): Promise<void> {
  const { mounts, tools } = deps;
  const { device } = use;
  const path = await mountPointOf(use.path);
  if (await isThere(path, use, volume, deps)) return;
  const { sizeBytes } = volume;
  const wish = filesystemType(use.fsType, { sizeBytes, growsExt4: await mayGrowMountedExt4() });
  const wanted = { device, sizeBytes, type: wish, uuid: uuidOf(volume) };
  const type = await prepareFilesystem(wanted, deps);
  if (type === "ext4") await growUnmountedExt4(device, sizeBytes, tools);
  await mkdir(path, { recursive: true, mode: 0o750 });
  await mounts.mount({ device, path, type, flags: [...(use.readOnly ? ["ro"] : []), ...use.mountFlags] });
  if (type === "xfs" && !use.readOnly) await growMounted({ device, path }, type, tools);
}

/** A filesystem is known by its volume: two volumes never carry the same. */
const uuidOf = ({ id }: VolumeRecord) => id.replace(/^vol-/, "");

/** True if this very volume is at the path already. @throws Failure "exists" if something else is */
async function isThere(path: string, use: NewUse, volume: VolumeRecord, deps: Deps): Promise<boolean> {
  const mount = await deps.mounts.at(path);
  if (mount === undefined) return false;
  const device = await deviceOf(volume, deps);
  const isOurs = use.access === "filesystem" ? mount.source === device : await isDevice(path, device);
  if (isOurs) return true;
  throw new Failure("exists", `cannot put volume ${volume.id} at ${path}: ${mount.source} is mounted there`);
}

async function isDevice(path: string, device: string): Promise<boolean> {
  const [here, wanted] = await Promise.all([stat(path), stat(device)]);
  return here.isBlockDevice() && here.rdev === wanted.rdev;
}

/** The kubelet may have removed it. A folder that is not empty is not what we made: it stays, and the call fails. */
async function removeTarget(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) await rmdir(path);
  else await rm(path, { force: true });
}
