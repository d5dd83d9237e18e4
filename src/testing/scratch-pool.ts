import { mkdir, mkdtemp, open, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseMounts } from "../driver/filesystem/mounts.ts";
import { systemClock } from "../lib/clock.ts";
import { exec } from "../lib/exec.ts";

/** A filesystem of its own on a loop device, for the time of a test; needs root. */
export interface ScratchPool {
  /** Where it is mounted. */
  readonly path: string;
  /** Takes away what is mounted and attached from it, wherever that is, then itself. */
  remove(): Promise<void>;
}

const limits = { timeoutMs: 60_000, signal: new AbortController().signal };
const run = (...argv: readonly [string, ...string[]]) => exec(argv, limits);

const prefix = "gs-scratch-";
/** Processes of a test run find the run's own id here; whoever is none of them answers for itself. */
const ownerVariable = "GS_SCRATCH_OWNER";

/** A new folder that is swept away, with what is mounted and attached from it, once this run has ended without doing so. */
export function scratchFolder(): Promise<string> {
  const owner = process.env[ownerVariable] ?? process.pid;
  return mkdtemp(join(tmpdir(), `${prefix}${owner}-`));
}

/** From now on, in this process and those that it starts. */
export function ownScratchFolders(): void {
  process.env[ownerVariable] = `${process.pid}`;
}

export async function scratchPool(type: "btrfs" | "xfs" | "ext4", sizeBytes = 2 ** 31): Promise<ScratchPool> {
  const folder = await scratchFolder();
  const image = join(folder, "pool.img");
  const path = join(folder, "mnt");
  const file = await open(image, "wx", 0o600);
  await file.truncate(sizeBytes);
  await file.close();
  await mkdir(path);
  const { stdout } = await run("losetup", "--find", "--show", "--sector-size", "4096", image);
  const device = stdout.trim();
  await run(`mkfs.${type}`, "-q", device);
  const options = type === "btrfs" ? ["-o", "noatime,nodiscard,ssd"] : [];
  await run("mount", ...options, device, path);
  return { path, remove: () => releaseScratch(folder) };
}

/** Takes away what tests left that were killed: folders whose owner is no more, and those of `ended`, which lets go of them. */
export async function sweepScratchFolders(ended?: number): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (owner === ended || isDead(owner)) await releaseScratch(join(tmpdir(), name));
  }
}

function isDead(pid: number): boolean {
  if (!(pid > 0)) return false; // not one of ours
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

/** Inside out: what images in the pool are mounted as, their devices, the pool, its device. */
export async function releaseScratch(folder: string): Promise<void> {
  const pool = join(folder, "mnt");
  await takeAway(await loopsBelow(pool));
  await takeAway(await loopsBelow(folder));
  await rm(folder, { recursive: true });
}

async function takeAway(devices: readonly string[]): Promise<void> {
  for (const mount of await mountsOf(devices)) await unmount(mount);
  for (const device of devices) await run("losetup", "--detach", device);
}

/** A device that somebody was looking at when it was detached goes a moment later. */
async function unmount(path: string): Promise<void> {
  for (let left = 50; ; left--) {
    try {
      await run("umount", path);
      return;
    } catch (error) {
      if (left === 0) throw error;
    }
    await systemClock.sleep(100, limits.signal);
  }
}

/** Where devices, or filesystems on them, are mounted: the last one first. */
async function mountsOf(devices: readonly string[]): Promise<readonly string[]> {
  const mounts = parseMounts(await readFile("/proc/self/mountinfo", "utf8"));
  const isOf = (device: string, { source, type, root }: (typeof mounts)[number]) =>
    source === device || (type === "devtmpfs" && root === `/${basename(device)}`);
  return mounts
    .filter((mount) => devices.some((device) => isOf(device, mount)))
    .map(({ path }) => path)
    .toReversed();
}

/** Devices over images below a folder. */
export async function loopsBelow(folder: string): Promise<readonly string[]> {
  const { stdout } = await run("losetup", "--list", "--noheadings", "--raw", "--output", "NAME,BACK-FILE");
  return stdout.split("\n").flatMap((line) => {
    const [device = "", image = ""] = line.split(" ");
    return image.startsWith(`${folder}/`) ? [device] : [];
  });
}
