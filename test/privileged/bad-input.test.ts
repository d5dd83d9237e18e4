import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { aDriver, call, formatted, type TestDriver } from "../../src/driver/testing.ts";
import { exec } from "../../src/lib/exec.ts";
import { type MountedVolumes, mountedVolumes } from "../../src/testing/mounted-volumes.ts";
import { loopsBelow, type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function aScratchPool(type: "btrfs" | "xfs" | "ext4"): Promise<ScratchPool> {
  const scratch = await scratchPool(type);
  endings.push(() => scratch.remove());
  return scratch;
}

async function start(scratch: ScratchPool, engine: string): Promise<TestDriver & { readonly volumes: MountedVolumes }> {
  const driver = await aDriver({ poolDir: join(scratch.path, "pool"), engine, ownProcess: true });
  endings.push(() => driver.close());
  return { ...driver, volumes: mountedVolumes(driver) };
}

/** A PATH with all that this one leads to, but for some programs. */
async function pathWithout(...missing: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "gs-path-"));
  endings.push(() => rm(folder, { recursive: true }));
  const present = ["mount", "umount", "losetup", "wipefs", "sync", "btrfs", "mkfs.ext4", "mkfs.xfs", "dumpe2fs"];
  for (const name of present.filter((one) => !missing.includes(one)))
    await symlink((await exec(["which", name], limits)).stdout.trim(), join(folder, name));
  return folder;
}
const limits = { timeoutMs: 10_000, signal: new AbortController().signal };

/** What is started meanwhile finds its programs there. */
async function withPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  const { PATH = "" } = process.env;
  process.env.PATH = path;
  try {
    return await work();
  } finally {
    process.env.PATH = PATH;
  }
}

test.each([
  ["atomic", "ext4", /atomic: .*pool is not on btrfs/],
  ["atomic", "xfs", /atomic: .*pool is not on btrfs/],
  ["freeze", "ext4", /freeze: files in .*pool cannot share blocks/],
] as const)("the %s engine that is forced on a pool on %s says what it lacks", async (engine, type, message) => {
  const scratch = await aScratchPool(type);
  await expect(start(scratch, engine)).rejects.toThrow(message);
});

test("a pool whose files cannot share blocks gets the engine that copies, by itself", async () => {
  const { csi } = await start(await aScratchPool("ext4"), "auto");
  expect((await csi.identity.getPluginInfo({}, call)).manifest).toMatchObject({ engine: "userland" });
});

test("a tool that is missing is named with its package, and the volume is staged once it is there", async () => {
  const scratch = await aScratchPool("btrfs");
  const poor = await pathWithout("mkfs.xfs");
  const { csi, volumes, stop, start: startAgain, folder } = await withPath(poor, () => start(scratch, "atomic"));
  const wish = { fsType: "xfs" } as const;
  const volumeId = await volumes.make("data", wish);
  await expect(volumes.use(volumeId, wish)).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining("needs mkfs.xfs, which is not installed: install xfsprogs"),
  });
  const staging = join(folder, `s-${volumeId}`);
  await csi.node.nodeUnstageVolume({ volumeId, stagingTargetPath: staging }, call);
  await stop();
  await startAgain();
  await volumes.use(volumeId, wish);
  await volumes.end(volumeId);
  await expect.poll(() => loopsBelow(scratch.path), { timeout: 30_000 }).toEqual([]);
});

test("the engine whose tool is missing is passed over, and named where it is forced", async () => {
  const scratch = await aScratchPool("btrfs");
  const poor = await pathWithout("btrfs");
  const forced = withPath(poor, () => start(scratch, "atomic"));
  await expect(forced).rejects.toThrow("needs btrfs, which is not installed: install btrfs-progs");
  const { csi } = await withPath(poor, () => start(scratch, "auto"));
  expect((await csi.identity.getPluginInfo({}, call)).manifest.engine).toBe("freeze");
});

test("a pool whose volumes were written through sockets is never mounted, and formatted, by another engine", async () => {
  const scratch = await aScratchPool("btrfs");
  const sockets = await start(scratch, "userland");
  const id = await sockets.volume("raw");
  await sockets.publish(id);
  await sockets.unpublish(id);
  await sockets.stop();
  await expect(start(scratch, "atomic")).rejects.toThrow("have been served as NBD sockets");
  const again = await start(scratch, "auto");
  expect((await again.csi.identity.getPluginInfo({}, call)).manifest.engine).toBe("userland");
  await again.csi.controller.deleteVolume({ volumeId: id }, call);
  await again.stop();
  const emptied = await start(scratch, "auto");
  expect((await emptied.csi.identity.getPluginInfo({}, call)).manifest.engine).toBe("atomic");
});

test("a staging path that is a symbolic link is refused, and nothing is mounted behind it", async () => {
  const { csi, volumes, folder } = await start(await aScratchPool("btrfs"), "atomic");
  const volumeId = await volumes.make("linked", { fsType: "ext4" });
  const stagingTargetPath = join(folder, "link");
  await mkdir(join(folder, "victim"));
  await symlink(join(folder, "victim"), stagingTargetPath);
  const staged = csi.node.nodeStageVolume({ volumeId, stagingTargetPath, volumeCapability: formatted("ext4") }, call);
  await expect(staged).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining("symbolic link") });
  await csi.node.nodeUnstageVolume({ volumeId, stagingTargetPath }, call);
  expect((await csi.controller.deleteVolume({ volumeId }, call)).$typeName).toBe("csi.v1.DeleteVolumeResponse");
});
