import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exec } from "../lib/exec.ts";

/** A filesystem of its own on a loop device, for the time of a test; needs root. */
export interface ScratchPool {
  /** Where it is mounted. */
  readonly path: string;
  /** Takes away everything mounted and attached below it, then itself. */
  remove(): Promise<void>;
}

const limits = { timeoutMs: 60_000, signal: new AbortController().signal };
const run = (...argv: readonly [string, ...string[]]) => exec(argv, limits);

export async function scratchPool(type: "btrfs" | "xfs" | "ext4", sizeBytes = 2 ** 31): Promise<ScratchPool> {
  const folder = await mkdtemp(join(tmpdir(), "gs-scratch-"));
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
  return {
    path,
    async remove() {
      await takeAwayBelow(folder);
      await run("losetup", "--detach", device);
      await rm(folder, { recursive: true });
    },
  };
}

/** Unmounts what is mounted below a folder, last first, and detaches devices over images below it. */
async function takeAwayBelow(folder: string): Promise<void> {
  const mounts = await mountsBelow(folder);
  const loops = await loopsBelow(join(folder, "mnt"));
  const pool = join(folder, "mnt");
  for (const mount of mounts.toReversed()) if (mount !== pool) await run("umount", mount);
  for (const loop of loops) await run("losetup", "--detach", loop);
  await run("umount", pool);
}

export async function mountsBelow(folder: string): Promise<readonly string[]> {
  const { stdout } = await run("findmnt", "--list", "--noheadings", "--output", "TARGET");
  return stdout.split("\n").filter((path) => path.startsWith(`${folder}/`));
}

export async function loopsBelow(folder: string): Promise<readonly string[]> {
  const { stdout } = await run("losetup", "--list", "--noheadings", "--raw", "--output", "NAME,BACK-FILE");
  return stdout.split("\n").flatMap((line) => {
    const [device = "", image = ""] = line.split(" ");
    return image.startsWith(`${folder}/`) ? [device] : [];
  });
}
