import { fstatSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Ioctl } from "../filesystem/ioctl.ts";
import { type OpenClone, openClone } from "./open-clone.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gs-clone-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function opened(ioctl: Ioctl): Promise<OpenClone> {
  const image = join(folder, "image");
  await writeFile(image, "something");
  const extents = { list: async () => [], count: async () => 1, exclusiveBytes: async () => 0 };
  return openClone(image, join(folder, "target"), { extents, ioctl });
}

/** More work for the machine's files than closing two. */
async function whileOthersWork(): Promise<void> {
  for (let i = 0; i < 100; i++) await stat(folder);
}

describe("a clone", () => {
  test("is closed once the kernel is done with its files, which it knows by number, and shares no more then", async () => {
    let closed: Promise<void> | undefined;
    let stillOpen = 0;
    const clone = await opened(async (fd) => {
      await stat(folder);
      closed = clone.close();
      await whileOthersWork();
      if (fstatSync(fd).isFile()) stillOpen++;
    });
    await clone.finish();
    await closed;
    expect(stillOpen).toBe(1);
    await expect(clone.finish()).rejects.toThrow();
    expect(stillOpen).toBe(1);
  });

  test("that the kernel refuses says of which image, and still by which code", async () => {
    const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    const clone = await opened(() => Promise.reject(full));
    await expect(clone.finish()).rejects.toMatchObject({
      code: "ENOSPC",
      message: `cannot share blocks of ${folder}/image with ${folder}/target: ENOSPC`,
    });
    await clone.close();
  });
});
