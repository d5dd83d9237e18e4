import { mkdir, open, readFile, stat, statfs, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aDriver, call, formatted, type TestDriver } from "../../src/driver/testing.ts";
import { type MountedVolumes, mountedVolumes } from "../../src/testing/mounted-volumes.ts";
import { loopsBelow, type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

const MiB = 1 << 20;
let scratch: ScratchPool;
let driver: TestDriver;
let volumes: MountedVolumes;

beforeAll(async () => {
  scratch = await scratchPool("btrfs");
  driver = await aDriver({ poolDir: join(scratch.path, "pool"), engine: "atomic", ownProcess: true });
  volumes = mountedVolumes(driver);
});
afterAll(async () => {
  await driver.close();
  await scratch.remove();
});

const expandTo = (volumeId: string, volumePath: string, sizeBytes: number) => ({
  atController: () =>
    driver.csi.controller.controllerExpandVolume(
      { volumeId, capacityRange: { requiredBytes: BigInt(sizeBytes) } },
      call,
    ),
  onNode: () => driver.csi.node.nodeExpandVolume({ volumeId, volumePath }, call),
});

const bytesAt = async (path: string) => {
  const { blocks, bsize } = await statfs(path);
  return blocks * bsize;
};

async function snapshotOf(sourceVolumeId: string, name: string): Promise<string> {
  const { snapshot } = await driver.csi.controller.createSnapshot({ name, sourceVolumeId }, call);
  return snapshot?.snapshotId ?? "";
}

describe("a volume with a filesystem", () => {
  test("grows while it is mounted (xfs)", async () => {
    const { id, target } = await volumes.put("online", { fsType: "xfs" });
    const before = await bytesAt(target);
    const expand = expandTo(id, target, 640 * MiB);
    expect((await expand.atController()).nodeExpansionRequired).toBe(true);
    await expand.onNode();
    expect(await bytesAt(target)).toBeGreaterThan(before + 300 * MiB);
    await volumes.end(id);
  });

  test("that grew while nobody used it has its new size when it is mounted again (ext4)", async () => {
    const { id, staging, target } = await volumes.put("offline", { fsType: "ext4", sizeBytes: 64 * MiB });
    const before = await bytesAt(target);
    await driver.csi.node.nodeUnpublishVolume({ volumeId: id, targetPath: target }, call);
    await driver.csi.node.nodeUnstageVolume({ volumeId: id, stagingTargetPath: staging }, call);
    await expandTo(id, target, 128 * MiB).atController();
    const staged = { volumeId: id, stagingTargetPath: staging, volumeCapability: formatted("ext4") };
    await driver.csi.node.nodeStageVolume(staged, call);
    expect(await bytesAt(staging)).toBeGreaterThan(before + 50 * MiB);
    await volumes.end(id);
  });

  test.each(["ext4", "xfs"] as const)("restored larger than its snapshot fills its volume (%s)", async (fsType) => {
    const source = await volumes.put(`small-${fsType}`, { fsType });
    const snapshotId = await snapshotOf(source.id, `snapshot-${fsType}`);
    const larger = await volumes.put(`large-${fsType}`, { fsType, sizeBytes: 640 * MiB, snapshotId });
    expect(await bytesAt(larger.target)).toBeGreaterThan((await bytesAt(source.target)) + 300 * MiB);
    for (const { id } of [larger, source]) await volumes.end(id);
    await driver.csi.controller.deleteSnapshot({ snapshotId }, call);
  });

  test.each(["ext4", "xfs"] as const)(
    "and its clone are known by different UUIDs, both mounted (%s)",
    async (fsType) => {
      const source = await volumes.put(`one-${fsType}`, { fsType });
      const snapshotId = await snapshotOf(source.id, `twin-snapshot-${fsType}`);
      const clone = await volumes.put(`twin-${fsType}`, { fsType, snapshotId });
      const uuids = await Promise.all([source, clone].map(({ target }) => uuidAt(target)));
      expect(new Set(uuids).size).toBe(2);
      for (const { id } of [clone, source]) await volumes.end(id);
      await driver.csi.controller.deleteSnapshot({ snapshotId }, call);
    },
  );

  test("published read-only takes no writes, while its staged mount does", async () => {
    const { id, staging, target } = await volumes.put("read-only", { fsType: "ext4", readOnly: true });
    await writeFile(join(staging, "note"), "by the driver's own user");
    await expect(writeFile(join(target, "note"), "by a reader")).rejects.toThrow("EROFS");
    expect(await readFile(join(target, "note"), "utf8")).toBe("by the driver's own user");
    await volumes.end(id);
  });

  test("tells bytes and inodes of its filesystem", async () => {
    const { id, target } = await volumes.put("counted", { fsType: "ext4" });
    await writeFile(join(target, "note"), Buffer.alloc(8 * MiB));
    const { usage } = await driver.csi.node.nodeGetVolumeStats({ volumeId: id, volumePath: target }, call);
    const [bytes, inodes] = usage;
    expect([bytes?.unit, inodes?.unit]).toEqual([1, 2]);
    expect(Number(bytes?.used)).toBeGreaterThanOrEqual(8 * MiB);
    expect(Number(inodes?.used)).toBeGreaterThan(0);
    await volumes.end(id);
  });

  test("may be staged and published again and again, and taken away again and again", async () => {
    const { id, staging, target } = await volumes.put("again", { fsType: "ext4" });
    const staged = { volumeId: id, stagingTargetPath: staging, volumeCapability: formatted("ext4") };
    const { node } = driver.csi;
    for (let i = 0; i < 3; i++) {
      await node.nodeStageVolume(staged, call);
      await node.nodePublishVolume({ ...staged, targetPath: target }, call);
    }
    for (let i = 0; i < 3; i++) {
      await node.nodeUnpublishVolume({ volumeId: id, targetPath: target }, call);
      await node.nodeUnstageVolume({ volumeId: id, stagingTargetPath: staging }, call);
    }
    await volumes.end(id);
    await expect.poll(() => loopsBelow(scratch.path), { timeout: 5_000 }).toEqual([]);
  });

  test("outlives its driver: what is mounted stays, and the next driver goes on with it", async () => {
    const { id, target } = await volumes.put("lasting", { fsType: "ext4" });
    await driver.stop();
    await writeFile(join(target, "note"), "while there is no driver");
    await driver.start();
    const snapshotId = await snapshotOf(id, "after the restart");
    const copy = await volumes.put("lasting-copy", { fsType: "ext4", snapshotId });
    expect(await readFile(join(copy.target, "note"), "utf8")).toBe("while there is no driver");
    for (const volume of [copy.id, id]) await volumes.end(volume);
    await driver.csi.controller.deleteSnapshot({ snapshotId }, call);
  });
});

describe("a volume as a block device", () => {
  test("is that device at the target, of the size that was asked for, and grows while it is open", async () => {
    const { id, target } = await volumes.put("raw", { fsType: "", sizeBytes: 8 * MiB });
    expect((await stat(target)).isBlockDevice()).toBe(true);
    const device = await open(target, "r+");
    await device.write(Buffer.from("raw"), 0, 3, 0);
    expect((await expandTo(id, target, 16 * MiB).atController()).nodeExpansionRequired).toBe(true);
    await expandTo(id, target, 16 * MiB).onNode();
    await device.write(Buffer.from("end"), 0, 3, 16 * MiB - 4096);
    await device.close();
    await volumes.end(id);
  });
});

describe("a target path", () => {
  const capability = { volumeCapability: formatted("ext4") };

  async function staged(name: string) {
    const volume = await volumes.put(name, { fsType: "ext4", sizeBytes: 16 * MiB });
    return { ...volume, request: { volumeId: volume.id, stagingTargetPath: volume.staging, ...capability } };
  }

  test("that is a symbolic link is refused, and nothing is mounted behind it", async () => {
    const { id, request } = await staged("linked");
    const victim = join(driver.folder, "victim");
    await mkdir(victim);
    await symlink(victim, join(driver.folder, "link"));
    const publish = driver.csi.node.nodePublishVolume({ ...request, targetPath: join(driver.folder, "link") }, call);
    await expect(publish).rejects.toThrow("is a symbolic link");
    await expect(publish).rejects.toMatchObject({ code: "invalid" });
    expect((await stat(victim)).dev).toBe((await stat(driver.folder)).dev);
    await driver.csi.node.nodeUnpublishVolume({ volumeId: id, targetPath: join(driver.folder, "link") }, call);
    await volumes.end(id);
  });

  test("where another volume is mounted is refused", async () => {
    const [one, other] = [await staged("first"), await staged("second")];
    const publish = driver.csi.node.nodePublishVolume({ ...other.request, targetPath: one.target }, call);
    await expect(publish).rejects.toMatchObject({ code: "exists" });
    for (const { id } of [one, other]) await volumes.end(id);
  });
});

test("a filesystem that volumes cannot have is refused by its name", async () => {
  const put = volumes.put("odd", { fsType: "ntfs" as "ext4" });
  await expect(put).rejects.toThrow("filesystem ntfs is not possible for volumes: use ext4 or xfs");
});

async function uuidAt(path: string): Promise<string> {
  const { execFileSync } = await import("node:child_process");
  return execFileSync("findmnt", ["--noheadings", "--output", "UUID", path]).toString().trim();
}
