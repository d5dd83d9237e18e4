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

/** Ends programs at work in the folder, then inside out: what is mounted and attached from it, and the folder. */
export async function releaseScratch(folder: string): Promise<void> {
  await endPrograms(folder);
  const depthOf = ({ image }: Loop) => image.split("/").length;
  const loops = (await loopsOver(folder)).toSorted((a, b) => depthOf(b) - depthOf(a));
  for (const { device } of loops) {
    for (const mount of await mountsOf(device)) await unmount(mount);
    await run("losetup", "--detach", device);
  }
  await rm(folder, { recursive: true });
}

/** Those whose arguments name a path in it: nobody else knows its name. */
async function endPrograms(folder: string): Promise<void> {
  const isOne = async (pid: string) =>
    (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes(`${folder}/`); // it has ended
  const found = async () => {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const are = await Promise.all(pids.map(isOne));
    return pids.filter((_, i) => are[i]).map(Number);
  };
  for (let left = 250; left > 0; left--) {
    const pids = await found();
    if (pids.length === 0) return;
    for (const pid of pids) endProgram(pid);
    await systemClock.sleep(20, limits.signal);
  } // one that hangs in the kernel keeps its mount, which will be told
}

function endProgram(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it has ended meanwhile
  }
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

/** Where a device, or the filesystem on it, is mounted: the last one first. */
async function mountsOf(device: string): Promise<readonly string[]> {
  const mounts = parseMounts(await readFile("/proc/self/mountinfo", "utf8"));
  return mounts
    .filter(({ source, type, root }) => source === device || (type === "devtmpfs" && root === `/${basename(device)}`))
    .map(({ path }) => path)
    .toReversed();
}

/** Devices over images below a folder. */
export async function loopsBelow(folder: string): Promise<readonly string[]> {
  return (await loopsOver(folder)).map(({ device }) => device);
}

interface Loop {
  readonly device: string;
  readonly image: string;
}

async function loopsOver(folder: string): Promise<readonly Loop[]> {
  const { stdout } = await run("losetup", "--list", "--noheadings", "--raw", "--output", "NAME,BACK-FILE");
  return stdout.split("\n").flatMap((line) => {
    const [device = "", image = ""] = line.split(" ");
    return image.startsWith(`${folder}/`) ? [{ device, image }] : [];
  });
}
