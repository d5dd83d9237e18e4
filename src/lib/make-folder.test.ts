import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

const base = mkdtempSync(join(tmpdir(), "make-folder-"));
afterAll(() => rmSync(base, { recursive: true }));
const modeOf = (...path: string[]) => statSync(join(base, ...path)).mode & 0o777;

test("makes a folder with its parents for their owner only", () => {
  makeFolder(join(base, "a", "b"));
  expect([modeOf("a", "b"), modeOf("a")]).toEqual([0o700, 0o700]);
});

test("leaves a folder that exists as it is", () => {
  mkdirSync(join(base, "shared"), { mode: 0o755 });
  makeFolder(join(base, "shared"));
  expect(modeOf("shared")).toBe(0o755);
});

test("gives up at once where nothing can be made", () => {
  expect(() => makeFolder("/proc/nope/deeper")).toThrow(/ENOENT/);
});

test("says that a file is in the way, and leaves the file", () => {
  const file = join(base, "file");
  writeFileSync(file, "kept");
  expect(() => makeFolder(file)).toThrow(/EEXIST/);
  expect(() => makeFolder(join(file, "below"))).toThrow(/ENOTDIR|EEXIST/);
  expect(readFileSync(file, "utf8")).toBe("kept");
});
