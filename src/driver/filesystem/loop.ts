import { open, readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Tools } from "./tools.ts";

/** Images as block devices of this machine. The kernel's list is the only truth: nothing is remembered here. */
export interface LoopDevices {
  /** The image's device, made if there is none. */
  attach(image: string): Promise<string>;
  /** Undefined if the image is not attached. */
  find(image: string): Promise<string | undefined>;
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

const sysBlock = "/sys/block";
/** What the kernel puts behind the path of a file that has been deleted. */
const deletedMark = " (deleted)";

export function loopDevices(tools: Tools): LoopDevices {
  const find = async (image: string) => (await attached()).find((loop) => loop.image === image)?.device;
  return {
    find,
    async attach(image) {
      const known = await find(image);
      if (known !== undefined) return known;
      const { stdout } = await tools.run(["losetup", "--find", "--show", "--sector-size", blockBytes, image]);
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
      const images = (await attached()).map(({ image }) => image);
      return images.filter((image) => image.startsWith(`${folder}/`));
    },
  };
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

async function attached(): Promise<readonly { readonly device: string; readonly image: string }[]> {
  const names = (await readdir(sysBlock)).filter((name) => name.startsWith("loop"));
  const loops = await Promise.all(names.map(async (name) => ({ device: `/dev/${name}`, image: await imageOf(name) })));
  return loops.flatMap(({ device, image }) => (image === undefined ? [] : [{ device, image }]));
}

/** Undefined for a loop device that is free, or about to be: it goes when whoever looks at it now closes it. */
async function imageOf(name: string): Promise<string | undefined> {
  const read = (file: string) => readFile(`${sysBlock}/${basename(name)}/loop/${file}`, "utf8").catch(() => undefined); // there is no image
  const [path, isGoing] = await Promise.all([read("backing_file"), read("autoclear")]);
  return isGoing?.trimEnd() === "1" ? undefined : path?.trimEnd().replace(deletedMark, "");
}
