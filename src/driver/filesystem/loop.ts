import { readdirSync, readFileSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Tools } from "./tools.ts";

/** Images as block devices of this machine. The kernel's list is the only truth: nothing is remembered here. */
export interface LoopDevices {
  /**
   * The image's device, made if there is none.
   *
   * @param cached false if what is read and written is not to be kept in memory once more, below the device
   */
  attach(image: string, options?: { readonly cached: boolean }): Promise<string>;
  /** Undefined if the image is not attached. */
  find(image: string): Promise<string | undefined>;
  /** Of several images, with one look: the devices of those that are attached. */
  findEach(images: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Brings what was written to the device to its image, then lets it go; no device is fine. */
  detach(image: string): Promise<void>;
  /** Makes the device as large as its image has become. */
  grow(image: string): Promise<void>;
  /** Images below a folder that are attached, whoever did it, deleted ones included. */
  below(folder: string): Promise<readonly string[]>;
}

/**
 * Blocks of 4096 bytes, whatever is on the image: a device over a file that was once reflinked gets them by default, and
 * what was formatted with 512 then cannot be mounted any more.
 */
const blockBytes = "4096";

const attaching = ["losetup", "--find", "--show", "--sector-size", blockBytes] as const;

const sysBlock = "/sys/block";
/** What the kernel puts behind the path of a file that has been deleted. */
const deletedMark = " (deleted)";

export function loopDevices(tools: Tools): LoopDevices {
  const findEach = async (images: readonly string[]) => {
    const loops = attached();
    const devices = images.map(async (image) => [image, await deviceOf(image, loops, tools)] as const);
    return new Map((await Promise.all(devices)).flatMap(([image, device]) => (device ? [[image, device]] : [])));
  };
  const find = async (image: string) => (await findEach([image])).get(image);
  return {
    find,
    findEach,
    async attach(image, { cached } = { cached: true }) {
      const known = await find(image);
      if (known !== undefined) return known;
      const { stdout } = await tools.run([...attaching, `--direct-io=${cached ? "off" : "on"}`, image]);
      return stdout.trim();
    },
    async detach(image) {
      const device = await find(image);
      if (device === undefined) return;
      await flush(device);
      await tools.run(["losetup", "--detach", device]);
    },
    async grow(image) {
      const device = await find(image);
      if (device !== undefined) await tools.run(["losetup", "--set-capacity", device]);
    },
    async below(folder) {
      const images = await Promise.all(attached().map((loop) => pathBelow(folder, loop, tools)));
      return images.filter((image) => image !== undefined);
    },
  };
}

/**
 * The kernel tells paths as the process that attached them saw them. One in a container that has ended saw the pool
 * elsewhere: then only the end of the path is the same, and the file is what decides.
 */
async function deviceOf(image: string, loops: readonly Loop[], tools: Tools): Promise<string | undefined> {
  const exact = loops.filter((loop) => loop.image === image);
  const known = exact.find((loop) => !loop.isDeleted) ?? (await leftOver(exact[0], image));
  if (known !== undefined) return known.device;
  for (const loop of loops.filter((one) => image.endsWith(one.image)))
    if (await isBackedBy(loop.device, image, tools)) return loop.device;
  return undefined;
}

/** One over an image that has been deleted, unless another image has its path now. */
async function leftOver(loop: Loop | undefined, image: string): Promise<Loop | undefined> {
  return (await stat(image).catch(() => undefined)) === undefined ? loop : undefined; // it is gone
}

/** Where the loop's image is, or was, if that is in the folder. */
async function pathBelow(folder: string, { device, image }: Loop, tools: Tools): Promise<string | undefined> {
  if (image.startsWith(`${folder}/`)) return image;
  const path = join(folder, basename(image));
  if (!path.endsWith(image)) return undefined;
  const [{ filesystem }, { dev }] = await Promise.all([backingOf(device, tools), stat(folder)]);
  return filesystem === numbersOf(dev) ? path : undefined;
}

async function isBackedBy(device: string, image: string, tools: Tools): Promise<boolean> {
  const found = await stat(image, { bigint: true }).catch(() => undefined); // it is gone
  if (found === undefined) return false;
  const { filesystem, inode } = await backingOf(device, tools);
  return inode === found.ino && filesystem === numbersOf(Number(found.dev));
}

/** The file behind a device, as the kernel knows it. */
async function backingOf(
  device: string,
  tools: Tools,
): Promise<{ readonly filesystem: string; readonly inode: bigint }> {
  const { stdout } = await tools.run(["losetup", "--list", "--json", "--output", "BACK-MAJ:MIN,BACK-INO", device]);
  const { loopdevices } = JSON.parse(stdout) as { readonly loopdevices: readonly Backing[] }; // losetup(8) says so
  const [found] = loopdevices;
  return { filesystem: found?.["back-maj:min"].trim() ?? "", inode: BigInt(found?.["back-ino"] ?? 0) };
}

interface Backing {
  readonly "back-maj:min": string;
  readonly "back-ino": number;
}

/** A device's number as the kernel packs it for stat(2), written as major:minor. */
function numbersOf(dev: number): string {
  const packed = BigInt(dev);
  const major = ((packed >> 8n) & 0xfffn) | ((packed >> 32n) & 0xfffff000n);
  const minor = (packed & 0xffn) | ((packed >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

/** Everything written to a block device so far is on its image when this resolves. */
export async function flush(device: string): Promise<void> {
  const handle = await open(device, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

interface Loop {
  readonly device: string;
  /** As the kernel tells it. */
  readonly image: string;
  readonly isDeleted: boolean;
}

/** Read from the kernel's memory, so it waits for no disk; by way of a thread for each file it takes ten times as long. */
function attached(): readonly Loop[] {
  const names = readdirSync(sysBlock).filter((name) => name.startsWith("loop"));
  return names.map(loopOf).filter((loop) => loop !== undefined);
}

/** Undefined for a loop device that is free, or about to be: it goes when whoever looks at it now closes it. */
function loopOf(name: string): Loop | undefined {
  const read = (file: string) => readFileSync(`${sysBlock}/${name}/loop/${file}`, "utf8").trimEnd();
  try {
    if (read("autoclear") === "1") return undefined;
    const path = read("backing_file");
    const isDeleted = path.endsWith(deletedMark);
    return { device: `/dev/${name}`, image: isDeleted ? path.slice(0, -deletedMark.length) : path, isDeleted };
  } catch {
    return undefined; // there is no image
  }
}
