import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Image, imageOpener } from "./image.ts";
import { Volume } from "./volume.ts";

let folder: string;
let image: Image;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gs-volume-"));
  image = await imageOpener(undefined).create(join(folder, "v.img"), 4 << 20);
});
afterEach(async () => {
  await image.close();
  await rm(folder, { recursive: true });
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The image, with writes that wait until they are let go, and a count of syncs. */
function slow() {
  const held: (() => void)[] = [];
  let syncs = 0;
  const slowImage: Image = {
    path: image.path,
    sizeBytes: image.sizeBytes,
    read: (into, offset) => image.read(into, offset),
    write: async (data, offset) => {
      await new Promise<void>((resolve) => held.push(resolve));
      await image.write(data, offset);
    },
    zero: (offset, length, mayPunch) => image.zero(offset, length, mayPunch),
    trim: (offset, length) => image.trim(offset, length),
    sync: async () => {
      syncs++;
      await image.sync();
    },
    grow: (sizeBytes) => image.grow(sizeBytes),
    dataRanges: () => image.dataRanges(),
    close: () => image.close(),
  };
  return { volume: new Volume(slowImage), held, syncs: () => syncs };
}

test("a gate is closed only once the write under way has ended", async () => {
  const { volume, held } = slow();
  const written = volume.write(0, Buffer.from("under way"), false);
  let isClosed = false;
  const closed = volume.closeGate().then(() => {
    isClosed = true;
  });
  await turn();
  expect(isClosed).toBe(false);
  for (const letGo of held) letGo();
  await Promise.all([written, closed]);
  expect((await readFile(image.path)).toString("latin1", 0, 9)).toBe("under way");
  volume.openGate();
});

test.each<[string, (volume: Volume) => Promise<void>]>([
  ["write", (volume) => volume.write(0, Buffer.from("late"), false)],
  ["trim", (volume) => volume.trim(0, 4096, false)],
  ["write of zeroes", (volume) => volume.writeZeroes(0, 4096, { fua: false, mayPunch: true })],
])("a %s that comes while the gate is closed waits until it opens", async (_, change) => {
  const volume = new Volume(image);
  await volume.closeGate();
  let isDone = false;
  const changed = change(volume).then(() => {
    isDone = true;
  });
  await image.sync(); // time enough for any change that does not wait
  await turn();
  expect(isDone).toBe(false);
  volume.openGate();
  await changed;
  expect(isDone).toBe(true);
});

test("a large write lets a cut in between two of its slices, and goes on when the gate opens", async () => {
  const { volume, held } = slow();
  const written = volume.write(0, Buffer.alloc(3 << 20, 7), false);
  const closed = volume.closeGate();
  held.shift()?.();
  await closed;
  await image.sync();
  expect(held.length).toBe(0);
  volume.openGate();
  for (let i = 0; i < 2; i++) {
    while (held.length === 0) await turn();
    held.shift()?.();
  }
  await written;
});

test("flush and FUA put what was written on stable storage, and nothing else does", async () => {
  const { volume, held, syncs } = slow();
  const write = async (fua: boolean) => {
    const written = volume.write(0, Buffer.from("x"), fua);
    held.pop()?.();
    await written;
    return syncs();
  };
  expect([await write(false), await write(true)]).toEqual([0, 1]);
  await volume.flush();
  await volume.trim(0, 4096, true);
  await volume.writeZeroes(0, 4096, { fua: true, mayPunch: false });
  expect(syncs()).toBe(4);
});
