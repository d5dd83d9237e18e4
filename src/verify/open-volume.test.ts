import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openVolume } from "./open-volume.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gs-open-"));
});
afterEach(() => rm(folder, { recursive: true }));

const signal = AbortSignal.timeout(10_000);

test("a folder without a socket is opened by the file in it that was named", async () => {
  await writeFile(join(folder, "rings"), "ring");
  const volume = await openVolume({ path: folder, fileName: "rings", signal });
  expect((await volume.read(0, 4)).toString()).toBe("ring");
  await volume.close();
  await expect(openVolume({ path: folder, fileName: "none", signal })).rejects.toThrow(
    `there is no volume at ${join(folder, "none")}`,
  );
});

test("a file is opened by its own path, whatever name was meant for folders", async () => {
  const path = join(folder, "device");
  await writeFile(path, "data");
  const volume = await openVolume({ path, fileName: "rings", signal });
  expect(volume).toMatchObject({ name: path, sizeBytes: 4 });
  await volume.close();
});
