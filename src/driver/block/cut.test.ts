import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { connectNbd } from "../../lib/nbd/client.ts";
import { type Image, type ImageOpener, imageOpener } from "./image.ts";
import { loadKernel } from "./kernel.ts";
import { LocalEngine } from "./local-engine.ts";
import { chunkBytes } from "./member-cut.ts";

const sizeBytes = 10 * chunkBytes + 4096; // the last chunk is a part
const signal = new AbortController().signal;
let folder: string;
let engine: LocalEngine;
let disks: readonly Disk[] = [];

interface Disk {
  readonly image: string;
  readonly socket: string;
  readonly client: Awaited<ReturnType<typeof connectNbd>>;
  readonly model: Buffer;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gs-cut-"));
});
afterEach(async () => {
  await Promise.all(disks.map(({ client }) => client.close()));
  await engine.close();
  await rm(folder, { recursive: true });
});

async function engineOver(opener: ImageOpener, volumes: number): Promise<void> {
  engine = new LocalEngine({ opener, clock: systemClock });
  disks = await Promise.all(
    Array.from({ length: volumes }, async (_, i) => {
      const image = join(folder, `v${i}.img`);
      const socket = join(folder, `v${i}`);
      await writeFile(image, "");
      await truncate(image, sizeBytes);
      await engine.serve({ image, socket, readOnly: false, name: `v${i}` });
      return { image, socket, client: await connectNbd({ path: socket, signal }), model: Buffer.alloc(sizeBytes) };
    }),
  );
}

const change = fc.record({
  disk: fc.nat(1),
  kind: fc.constantFrom("write", "write", "write", "zero", "punch", "trim"),
  offset: fc.nat(sizeBytes - 1),
  length: fc.integer({ min: 1, max: 3 * chunkBytes }),
  fill: fc.integer({ min: 1, max: 255 }),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** Makes a change and the same in the model. What a trim leaves is read back: the protocol lets it be anything. */
async function make({ disk, kind, offset, length, fill }: Change): Promise<void> {
  const { client, model } = disks[disk] as Disk; // there are two
  const end = Math.min(sizeBytes, offset + length);
  if (kind === "trim") await client.trim(offset, end - offset);
  else if (kind === "write") await client.write(offset, Buffer.alloc(end - offset, fill), { fua: fill % 2 === 0 });
  else await client.writeZeroes(offset, end - offset, { noHole: kind === "zero" });
  if (kind === "trim") (await client.read(offset, end - offset)).copy(model, offset);
  else model.fill(kind === "write" ? fill : 0, offset, end);
}

const kernels = [
  ["with the kernel's holes", loadKernel],
  ["without koffi", async () => undefined],
] as const;

describe.each(kernels)("a cut of two volumes, %s", (_title, kernel) => {
  test("holds each volume as it was at the instant, whatever is written while it is copied", async () => {
    await engineOver(imageOpener(await kernel()), 2);
    let cuts = 0;
    const round = fc.record({
      before: fc.array(change, { maxLength: 6 }),
      during: fc.array(change, { maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 3 }), async (rounds) => {
        const checks: Promise<void>[] = [];
        for (const { before, during } of rounds) {
          for (const one of before) await make(one);
          const expected = disks.map(({ model }) => Buffer.from(model));
          const id = `c${cuts++}`;
          const members = disks.map(({ image }, i) => ({ image, target: join(folder, `${id}-${i}.img`) }));
          const { copied } = await engine.cut({ id, members, reflink: false });
          checks.push(copied.then(() => expectImages(members, expected)));
          for (const one of during) await make(one); // the next round cuts again, this one's copy may still run
        }
        await Promise.all(checks);
        expect(await Promise.all(disks.map(({ client, model }) => sameAs(client.read(0, sizeBytes), model)))).toEqual([
          true,
          true,
        ]);
      }),
      { numRuns: 25 },
    );
  });
});

test("the comparison above catches a cut that leaves out what is copied in the background", async () => {
  const real = imageOpener(await loadKernel());
  await engineOver(opening(real, { dataRanges: () => [] }), 1);
  const [disk] = disks as [Disk];
  await make({ disk: 0, kind: "write", offset: 0, length: 100, fill: 9 });
  const target = join(folder, "t.img");
  const { copied } = await engine.cut({ id: "c", members: [{ image: disk.image, target }], reflink: false });
  await copied;
  expect(await sameAs(readFile(target), disk.model)).toBe(false);
});

async function expectImages(members: readonly { readonly target: string }[], expected: readonly Buffer[]) {
  const same = members.map(({ target }, i) => sameAs(readFile(target), expected[i]));
  expect(await Promise.all(same)).toEqual(members.map(() => true));
}

async function sameAs(bytes: Promise<Buffer>, expected: Buffer | undefined): Promise<boolean> {
  return expected !== undefined && (await bytes).equals(expected);
}

describe("a cut", () => {
  test("keeps holes as holes and never stores a chunk of zeroes", async () => {
    await engineOver(imageOpener(await loadKernel()), 1);
    const [disk] = disks as [Disk];
    await disk.client.write(3 * chunkBytes, Buffer.alloc(chunkBytes, 7));
    await disk.client.writeZeroes(5 * chunkBytes, chunkBytes, { noHole: true });
    const target = join(folder, "t.img");
    const { copied } = await engine.cut({ id: "c", members: [{ image: disk.image, target }], reflink: false });
    await copied;
    const { blocks, size } = await stat(target);
    expect(size).toBe(sizeBytes);
    expect(blocks * 512).toBeLessThanOrEqual(chunkBytes + 8192);
  });

  test("includes volumes that nobody uses, and one instant is common to all", async () => {
    await engineOver(imageOpener(await loadKernel()), 2);
    const [used, other] = disks as [Disk, Disk];
    await other.client.write(0, Buffer.from("resting"));
    await engine.withdraw(other.socket);
    await used.client.write(0, Buffer.from("working"));
    const members = [used, other].map(({ image }, i) => ({ image, target: join(folder, `t${i}.img`) }));
    const before = new Date();
    const { copied, takenAt } = await engine.cut({ id: "c", members, reflink: false });
    await copied;
    const texts = members.map(async ({ target }) => (await readFile(target)).toString("latin1", 0, 7));
    expect(await Promise.all(texts)).toEqual(["working", "resting"]);
    expect(takenAt.getTime()).toBeGreaterThanOrEqual(before.getTime());
  });

  test("whose target's disk is full is given up whole, and no write to the volumes fails or waits for it", async () => {
    const real = imageOpener(await loadKernel());
    await engineOver(fullAfter(real, 2 * chunkBytes), 2);
    for (const { client } of disks) await client.write(0, Buffer.alloc(sizeBytes, 1));
    const members = disks.map(({ image }, i) => ({ image, target: join(folder, `t${i}.img`) }));
    const { copied } = await engine.cut({ id: "c", members, reflink: false });
    const refused = copied.catch((error: unknown) => error);
    await Promise.all(disks.map(({ client }) => client.write(0, Buffer.alloc(sizeBytes, 2), { fua: true })));
    expect(await refused).toMatchObject({ code: "exhausted" });
    expect((await disks[0]?.client.read(0, 1))?.[0]).toBe(2);
  });

  test("whose target cannot be synced is given up: what is not on the disk was not taken", async () => {
    const real = imageOpener(await loadKernel());
    const sync = () => Promise.reject(Object.assign(new Error("input/output error"), { code: "EIO" }));
    const create = async (path: string, bytes: number) => changed(await real.create(path, bytes), { sync });
    await engineOver({ open: real.open, create }, 1);
    const members = disks.map(({ image }) => ({ image, target: join(folder, "t.img") }));
    const { copied } = await engine.cut({ id: "c", members, reflink: false });
    await expect(copied).rejects.toThrow("input/output error");
  });

  test("that cannot make its targets leaves the volumes' gates open", async () => {
    await engineOver(imageOpener(undefined), 2);
    const members = disks.map(({ image }) => ({ image, target: join(folder, "nowhere", "t.img") }));
    await expect(engine.cut({ id: "c", members, reflink: false })).rejects.toMatchObject({ code: "internal" });
    await disks[0]?.client.write(0, Buffer.from("goes on"));
    expect((await disks[0]?.client.read(0, 7))?.toString()).toBe("goes on");
  });

  test("is refused for an image that is not there", async () => {
    await engineOver(imageOpener(undefined), 1);
    const members = [{ image: join(folder, "none.img"), target: join(folder, "t.img") }];
    await expect(engine.cut({ id: "c", members, reflink: false })).rejects.toThrow(/ENOENT/);
  });

  test("closing the engine ends its copies with an error rather than half a snapshot called whole", async () => {
    await engineOver(imageOpener(undefined), 1);
    const [disk] = disks as [Disk];
    await disk.client.write(0, Buffer.alloc(sizeBytes, 1));
    const members = [{ image: disk.image, target: join(folder, "t.img") }];
    const { copied } = await engine.cut({ id: "c", members, reflink: false });
    const ended = copied.catch((error: unknown) => error);
    await engine.close();
    expect(await ended).toMatchObject({ code: "unavailable" });
  });
});

describe("an image that grows", () => {
  test("has its new size for the next client, while the first goes on and a cut keeps the old one", async () => {
    await engineOver(imageOpener(await loadKernel()), 1);
    const [disk] = disks as [Disk];
    const target = join(folder, "t.img");
    const { copied } = await engine.cut({ id: "c", members: [{ image: disk.image, target }], reflink: false });
    await engine.grow(disk.image, 2 * sizeBytes);
    const again = await connectNbd({ path: disk.socket, signal });
    await again.write(sizeBytes, Buffer.from("new"));
    expect([again.sizeBytes, disk.client.sizeBytes]).toEqual([2 * sizeBytes, sizeBytes]);
    await again.close();
    await copied;
    expect((await stat(target)).size).toBe(sizeBytes);
  });
});

/** Targets that take so many bytes and then say ENOSPC. */
function fullAfter(real: ImageOpener, limitBytes: number): ImageOpener {
  return {
    open: (path) => real.open(path),
    async create(path, bytes) {
      const image = await real.create(path, bytes);
      let written = 0;
      return changed(image, {
        async write(data, offset) {
          written += data.length;
          if (written > limitBytes) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
          await image.write(data, offset);
        },
      });
    },
  };
}

function opening(real: ImageOpener, other: Partial<Image>): ImageOpener {
  return { create: real.create, open: async (path) => changed(await real.open(path), other) };
}

/** The same image but for some of its operations. */
function changed(image: Image, other: Partial<Image>): Image {
  return new Proxy(image, {
    get(real, name) {
      const found: unknown = Reflect.get(name in other ? other : real, name);
      return typeof found === "function" ? found.bind(real) : found;
    },
  });
}
