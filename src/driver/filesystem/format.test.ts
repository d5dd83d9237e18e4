import { expect, test } from "vitest";
import { filesystemType } from "./format.ts";

const volume = (mebibytes: number, growsExt4: boolean) => ({ sizeBytes: mebibytes * 2 ** 20, growsExt4 });

test("a volume gets the filesystem that its user names, and no other is possible", () => {
  for (const growsExt4 of [true, false])
    expect(["ext4", "xfs"].map((name) => filesystemType(name, volume(1024, growsExt4)))).toEqual(["ext4", "xfs"]);
  expect(() => filesystemType("btrfs", volume(1024, true))).toThrow("use ext4 or xfs");
});

test("a volume whose user names no filesystem gets one that can be grown while it is mounted, if its size allows", () => {
  expect(filesystemType("", volume(1024, true))).toBe("ext4");
  expect(filesystemType("", volume(1024, false))).toBe("xfs");
  expect(filesystemType("", volume(200, false))).toBe("ext4");
});
