import { mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mountPointOf, parseMounts } from "./mounts.ts";

const lines = [
  "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue",
  "41 36 7:1 / /pods/a\\040b/mount ro,relatime - xfs /dev/loop1 rw",
  "42 36 0:5 /loop1 /volumes/pvc\\134x rw - devtmpfs devtmpfs rw",
  "",
];

test("the kernel's list of mounts is read with its escapes and optional fields", () => {
  expect(parseMounts(lines.join("\n"))).toEqual([
    { path: "/mnt2", root: "/mnt1", type: "ext3", source: "/dev/root", isReadOnly: false },
    { path: "/pods/a b/mount", root: "/", type: "xfs", source: "/dev/loop1", isReadOnly: true },
    { path: "/volumes/pvc\\x", root: "/loop1", type: "devtmpfs", source: "devtmpfs", isReadOnly: false },
  ]);
});

test("a mount point may lie behind a link, but is none itself, and its folder is there", async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "gs-mounts-")));
  await symlink(folder, join(folder, "link"));
  expect(await mountPointOf(join(folder, "link", "target"))).toBe(join(folder, "target"));
  await expect(mountPointOf(join(folder, "link"))).rejects.toMatchObject({ code: "invalid" });
  await expect(mountPointOf(join(folder, "none", "target"))).rejects.toMatchObject({ code: "notFound" });
  await rm(folder, { recursive: true });
});
