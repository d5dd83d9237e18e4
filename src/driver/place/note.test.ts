import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { notedEngine, noteEngine } from "./note.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gs-note-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a data folder tells the engine that mounts its volumes, and none if nobody noted one", async () => {
  expect(await notedEngine(folder)).toBeUndefined();
  await noteEngine(folder, "atomic");
  await noteEngine(folder, "freeze");
  expect([await notedEngine(folder), await readdir(folder)]).toEqual(["freeze", ["engine"]]);
});

test("a note of an engine that mounts nothing is refused with what belongs there", async () => {
  await writeFile(join(folder, "engine"), "steam");
  await expect(notedEngine(folder)).rejects.toThrow(
    /engine is to name the engine that made the pool, atomic or freeze/,
  );
});
