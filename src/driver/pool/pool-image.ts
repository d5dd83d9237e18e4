import { open, readdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import { makeFolder } from "../../lib/make-folder.ts";
import type { LoopDevices } from "../filesystem/loop.ts";
import { type Mounts, mountPointOf } from "../filesystem/mounts.ts";
import { signatureOf } from "../filesystem/signature.ts";
import type { Tools } from "../filesystem/tools.ts";
import { syncFolders } from "../sync-folders.ts";
import { readableBytes } from "./sizes.ts";

/** A file that holds a whole pool, for machines whose own filesystem cannot share blocks. */
export interface PoolImage {
  readonly path: string;
  /** It is grown to this size, never shrunk. */
  readonly sizeBytes: number;
  readonly type: "btrfs" | "xfs";
}

interface Deps {
  readonly tools: Tools;
  readonly loops: LoopDevices;
  readonly mounts: Mounts;
  readonly log: Logger;
}

/** Below this, btrfs mixes data and metadata, and XFS refuses. */
const leastBytes = 512 * 2 ** 20;

/**
 * Mount options, measured: without `ssd` btrfs takes a loop device for a rotating disk, and every sync of several writers
 * waits a jiffy more.
 */
const mountFlags = { btrfs: ["noatime", "nodiscard", "ssd"], xfs: ["noatime", "nodiscard"] } as const;

/**
 * Makes the image, formats it, attaches it, mounts it at the pool's folder, and grows it, as far as each is still to be
 * done. It stays mounted when the driver ends: volumes are in use through it.
 *
 * @throws Failure "invalid" for a size that is too small; "precondition" if the folder has files of its own, or if the
 *   image holds something else
 */
export async function mountPoolImage(image: PoolImage, poolDir: string, deps: Deps): Promise<void> {
  const { loops, mounts, tools, log } = deps;
  if (image.sizeBytes < leastBytes)
    throw new Failure("invalid", `a pool image needs at least ${readableBytes(leastBytes)}: give it more`);
  makeFolder(dirname(image.path));
  makeFolder(poolDir);
  const grows = await makeLargeEnough(image);
  const device = await loops.attach(image.path);
  if (grows) await loops.grow(image.path);
  await formatOnce(device, image, tools);
  const path = await mountPointOf(poolDir);
  const mounted = await mounts.at(path);
  if (mounted === undefined) {
    await checkEmpty(path);
    await mounts.mount({ device, path, type: image.type, flags: mountFlags[image.type] });
    log.info({ image: image.path, device, path }, "mounted the pool's image");
  } else if (mounted.source !== device)
    throw new Failure("precondition", `${path} is where ${mounted.source} is mounted, not ${image.path}: unmount it`);
  await tools.run(image.type === "xfs" ? ["xfs_growfs", path] : ["btrfs", "filesystem", "resize", "max", path]);
}

/**
 * Takes the image down again, for who is alone with it: unmounts and detaches it, as far as each is still to be done.
 *
 * @throws Failure "busy" if volumes in it are in use
 */
export async function unmountPoolImage(image: string, poolDir: string, deps: UnmountDeps): Promise<void> {
  const { loops, mounts, clock, signal } = deps;
  const device = await loops.find(image);
  if (device === undefined) return;
  const path = await mountPointOf(poolDir);
  for (let left = looks; (await mounts.at(path))?.source === device; left--)
    try {
      await mounts.unmount(path);
    } catch (error) {
      const isInUse = left === 0 || (await loops.below(path)).length > 0;
      if (isInUse) throw error;
      await clock.sleep(lookMs, signal);
    }
  await loops.detach(image);
}

interface UnmountDeps extends Pick<Deps, "loops" | "mounts"> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A volume's device that somebody was looking at when it was detached goes, and lets go of the pool, a moment later. */
const looks = 20;
const lookMs = 50;

/** @returns true if it became larger */
async function makeLargeEnough({ path, sizeBytes }: PoolImage): Promise<boolean> {
  const file = await open(path, "a", 0o600);
  try {
    if ((await stat(path)).size >= sizeBytes) return false;
    await file.truncate(sizeBytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolders([path]);
  return true;
}

async function formatOnce(device: string, { path, type }: PoolImage, tools: Tools): Promise<void> {
  const found = await signatureOf(device, tools);
  if (found?.type === type) return;
  if (found !== undefined)
    throw new Failure("precondition", `${path} holds ${found.type}, not ${type}: nothing is formatted over it`);
  await tools.run(type === "xfs" ? ["mkfs.xfs", "-q", "-m", "reflink=1", device] : ["mkfs.btrfs", "-q", device]);
}

/** What lies in the folder would be hidden by the mount. */
async function checkEmpty(path: string): Promise<void> {
  if ((await readdir(path)).length === 0) return;
  throw new Failure(
    "precondition",
    `${path} has files in it that a mount would hide: use an empty folder for the pool`,
  );
}
