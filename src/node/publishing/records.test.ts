import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openRecords } from "./records.ts";

let folder: string;
const record = {
  claimUid: "u-1",
  namespace: "shop",
  claimName: "data",
  volumeHandle: "v",
  targetPath: "/t",
  stagingPath: "/s",
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gs-records-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("what was recorded as published is known after a restart, until it is removed", async () => {
  const before = await openRecords(folder);
  await before.put(record);
  const after = await openRecords(folder);
  expect([after.get("u-1"), after.list(), after.at("/t")]).toEqual([record, [record], record]);
  await after.remove("u-1");
  expect([after.at("/t"), (await openRecords(folder)).list(), await readdir(folder)]).toEqual([undefined, [], []]);
});

test("a record that was being written when the process died counts as not written", async () => {
  await writeFile(join(folder, "u-2.json.new"), '{"claimUid":');
  expect((await openRecords(folder)).list()).toEqual([]);
});

test("a record that cannot be read is named, with what to do", async () => {
  await writeFile(join(folder, "u-3.json"), "{}");
  await expect(openRecords(folder)).rejects.toThrow(/u-3.json: claimUid is missing; unpublish its volume by hand/);
});
