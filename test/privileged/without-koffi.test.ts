import { mkdir, open, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { atomicEngine } from "../../src/driver/cut/atomic.ts";
import { anyCut } from "../../src/driver/cut/cut-engine.ts";
import { btrfsSubvolumes } from "../../src/driver/filesystem/btrfs.ts";
import { loadIoctl } from "../../src/driver/filesystem/ioctl.ts";
import { machineOf } from "../../src/driver/filesystem/machine.ts";
import { loadWriteOut, type WriteOut, writeOutByTool } from "../../src/driver/filesystem/write-out.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silent } from "../../src/lib/log.ts";
import { type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

const machine = machineOf(new AbortController().signal);
const { tools, loops, mounts } = machine;
const atRest = "commit=300"; // ext4 by itself writes nothing out while the test lasts
let scratch: ScratchPool;
beforeEach(async () => {
  scratch = await scratchPool("btrfs");
});
afterEach(() => scratch.remove());

const bySyscalls = async () => ({ ioctl: await loadIoctl(), writeOut: await loadWriteOut(tools, systemClock) });
const byTools = async () => ({ ioctl: undefined, writeOut: writeOutByTool(tools) });
const writingNothingOut = async () => ({ ioctl: undefined, writeOut: (async () => undefined) satisfies WriteOut });

test.each([
  ["by the kernel's calls has all that was written before it", bySyscalls, "a note"],
  ["by tools alone, as without koffi, has all that was written before it", byTools, "a note"],
  ["that writes nothing out lacks what was just written", writingNothingOut, undefined],
] as const)("a cut of the atomic engine %s", async (_, how, found) => {
  const { ioctl, writeOut } = await how();
  const subvolumes = btrfsSubvolumes(tools, ioctl);
  const at = (name: string) => join(scratch.path, name);
  await subvolumes.create(at("volumes"));
  await mkdir(at("cuts"));
  const [image, target] = [at("volumes/vol.img"), at("snap.img")];
  const folder = await mountImage(image, "mounted", 64 << 20);
  await writeFile(join(folder, "note"), "a note");

  const [volumes, cuts] = [at("volumes"), at("cuts")];
  const deps = { ...machine, volumes, cuts, subvolumes, writeOut, holder: undefined };
  const cut = await atomicEngine({ ...deps, clock: systemClock, log: silent }).cut("cut", [{ image, target }], anyCut);
  await cut.copied;

  const copy = await mountImage(target, "copy");
  expect(await readFile(join(copy, "note"), "utf8").catch(() => undefined)).toBe(found);
  expect(await readdir(cuts)).toEqual([]);
});

/** Mounts an image in the scratch pool. @param sizeBytes makes it, and a filesystem on it */
async function mountImage(image: string, name: string, sizeBytes?: number): Promise<string> {
  if (sizeBytes !== undefined) {
    const file = await open(image, "wx");
    await file.truncate(sizeBytes);
    await file.close();
  }
  const device = await loops.attach(image);
  if (sizeBytes !== undefined) await tools.run(["mkfs.ext4", "-q", device]);
  const path = join(scratch.path, "..", name);
  await mkdir(path);
  await mounts.mount({ device, path, type: "ext4", flags: [atRest] });
  if (sizeBytes !== undefined) await writeOutByTool(tools)([path]);
  return path;
}
