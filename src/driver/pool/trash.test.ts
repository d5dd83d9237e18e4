import { mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silent } from "../../lib/log.ts";
import { type PoolFiles, systemFiles } from "./files.ts";
import { Trash } from "./trash.ts";

const MiB = 1 << 20;
/** On a machine that is busy otherwise. */
const patience = { timeout: 30_000 };
let folder: string;
let layout: { readonly volumes: string; readonly snapshots: string };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gs-trash-"));
  layout = { volumes: join(folder, "volumes"), snapshots: join(folder, "snapshots") };
  for (const path of [layout.volumes, layout.snapshots]) await mkdir(path);
});
afterEach(() => rm(folder, { recursive: true }));

const bigBytes = 100 * MiB;
/** Files of which those with "big" in their names take up so much. */
const seemingBig: PoolFiles = {
  ...systemFiles,
  find: async (path) => {
    const found = await systemFiles.find(path);
    return found && { ...found, allocatedBytes: path.includes("big") ? bigBytes : found.allocatedBytes };
  },
  discard: async (paths) => (await systemFiles.discard(paths)).map(({ path }) => ({ path, bytes: bigBytes })),
  listDiscarded: async (at) => (await systemFiles.listDiscarded(at)).map(({ path }) => ({ path, bytes: bigBytes })),
};

/** Files that are freed only once it is said so. */
function held() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const freed: string[] = [];
  const free: PoolFiles["free"] = async (path, signal) => {
    await Promise.race([opened, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
    signal.throwIfAborted();
    await systemFiles.free(path, signal);
    freed.push(path);
  };
  return { files: { ...seemingBig, free }, open: () => open(), freed };
}

async function images(...names: readonly string[]): Promise<readonly string[]> {
  const paths = names.map((name) => join(layout.volumes, `${name}.img`));
  for (const path of paths) await writeFile(path, "data");
  return paths;
}
const left = async () => (await readdir(layout.volumes)).toSorted();

test("a big image loses its name at once, and is counted until its blocks are free; a small one is gone at once", async () => {
  const { files, open } = held();
  const trash = new Trash({ files, layout, log: silent });
  await trash.remove([...(await images("big", "small")), join(layout.volumes, "never-was.img")]);
  expect(await left()).toEqual(["big.img.trash"]);
  expect([await systemFiles.listImages(layout.volumes), trash.bytes]).toEqual([[], bigBytes]);
  open();
  await expect.poll(() => trash.bytes, patience).toBe(0);
  expect(await left()).toEqual([]);
  await trash.close();
});

test("big images are freed one after the other, and who deletes more than may wait waits for their ends", {
  timeout: 60_000,
}, async () => {
  const { files, open, freed } = held();
  const trash = new Trash({ files, layout, log: silent });
  const many = await images(...Array.from({ length: 1_002 }, (_, i) => `big-${i}`));
  await trash.remove(many);
  expect([(await left()).length, trash.bytes]).toEqual([1_000, 1_000 * bigBytes]);
  open();
  await expect.poll(() => freed.length, patience).toBe(1_000);
  expect(freed).toEqual(many.slice(0, 1_000).map((path) => `${path}.trash`));
  await trash.close();
});

test("what is not freed when the driver stops is freed by the next one", async () => {
  const { files } = held();
  const trash = new Trash({ files, layout, log: silent });
  await trash.remove(await images("big-1", "big-2"));
  await trash.close();
  expect(await left()).toEqual(["big-1.img.trash", "big-2.img.trash"]);
  const next = new Trash({ files: seemingBig, layout, log: silent });
  await next.resume();
  await expect.poll(left, patience).toEqual([]);
  expect(next.bytes).toBe(0);
  await next.close();
});

test("an image that cannot be freed is counted on, and does not keep the others", async () => {
  const free: PoolFiles["free"] = async (path, signal) => {
    if (path.includes("stuck")) throw new Error("EIO: the disk is broken");
    await systemFiles.free(path, signal);
  };
  const trash = new Trash({ files: { ...seemingBig, free }, layout, log: silent });
  await trash.remove(await images("big-stuck", "big"));
  await expect.poll(left, patience).toEqual(["big-stuck.img.trash"]);
  expect(trash.bytes).toBe(bigBytes);
  await trash.close();
});

test("freeing goes piece by piece, so that it can be stopped in the middle of a file and gone on with", async () => {
  const path = join(layout.volumes, "long.img.trash");
  const file = await open(path, "wx");
  await file.truncate(5 * 2 ** 30);
  await file.close();
  const stop = new AbortController();
  const looks = { count: 0 };
  const signal = new Proxy(stop.signal, {
    get(target, name) {
      if (name === "throwIfAborted" && ++looks.count === 3) stop.abort(new DOMException("stop", "AbortError"));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await expect(systemFiles.free(path, signal)).rejects.toThrow("stop");
  expect((await stat(path)).size).toBe(3 * 2 ** 30);
  await systemFiles.free(path, new AbortController().signal);
  await expect(stat(path)).rejects.toThrow("ENOENT");
});
