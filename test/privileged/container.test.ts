import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { machineOf } from "../../src/driver/filesystem/machine.ts";
import { exec } from "../../src/lib/exec.ts";
import { type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

/** What a driver in a container attached, seen by the next one: the first one's mounts are gone by then. */
const signal = new AbortController().signal;
const { loops } = machineOf(signal);
let scratch: ScratchPool;
let volumes: string;
let images: readonly [string, string];

beforeAll(async () => {
  scratch = await scratchPool("btrfs");
  volumes = join(scratch.path, "pool", "volumes");
  images = [join(volumes, "vol-1.img"), join(scratch.path, "elsewhere", "volumes", "vol-1.img")];
  for (const image of images) {
    await mkdir(join(image, ".."), { recursive: true });
    const file = await open(image, "wx", 0o600);
    await file.truncate(1 << 20);
    await file.close();
  }
});
afterAll(async () => {
  for (const image of images) await loops.detach(image);
  await scratch.remove();
});

/** Attaches an image that is to be seen below a folder of its own, in a mount namespace that ends with the command. */
async function attachInContainer(pool: string): Promise<string> {
  const view = join(scratch.path, "view");
  await mkdir(view, { recursive: true });
  const script = 'mount --bind "$1" "$2" && losetup --find --show --sector-size 4096 "$2/volumes/vol-1.img"';
  const argv = ["unshare", "--mount", "sh", "-c", script, "sh", pool, view] as const;
  return (await exec(argv, { signal, timeoutMs: 60_000 })).stdout.trim();
}

test("an image that a container attached is found when its mounts are gone, and none of the same name elsewhere", async () => {
  const other = await attachInContainer(join(scratch.path, "elsewhere"));
  expect(await loops.find(images[0])).toBeUndefined();
  const device = await attachInContainer(join(scratch.path, "pool"));
  expect(await loops.find(images[0])).toBe(device);
  expect(await loops.find(images[1])).toBe(other);
  expect(await loops.attach(images[0])).toBe(device);
  expect(await loops.below(volumes)).toContain(images[0]);
  await loops.detach(images[0]);
  expect(await loops.find(images[0])).toBeUndefined();
});

test("a device over an image that was deleted is not taken for that of another at its path, and is let go while there is none", async () => {
  const image = join(scratch.path, "pool", "passing.img");
  const make = async () => {
    const file = await open(image, "wx", 0o600);
    await file.truncate(1 << 20);
    await file.close();
  };
  await make();
  const stale = await loops.attach(image);
  await rm(image);
  expect(await loops.find(image)).toBe(stale);
  await make();
  expect(await loops.find(image)).toBeUndefined();
  const device = await loops.attach(image);
  expect(device).not.toBe(stale);
  await loops.detach(image);
  await rm(image);
  await loops.detach(image);
  await expect.poll(() => loops.find(image), { timeout: 5_000 }).toBeUndefined();
});
