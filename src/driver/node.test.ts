import { lstat, mkdir, mkdtemp, readdir, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { VolumeCapability_AccessMode_Mode as Mode } from "../csi/gen/csi_pb.js";
import { connectNbd } from "../lib/nbd/client.ts";
import { aDriver, block, call, filesystem, type TestDriver } from "./testing.ts";

const signal = new AbortController().signal;
let driver: TestDriver;
let volumeId: string;
let staged: { volumeId: string; stagingTargetPath: string };
let folder: string;
beforeAll(async () => {
  driver = await aDriver();
});
beforeEach(async () => {
  folder = await mkdtemp(join(driver.folder, "n-"));
  volumeId = await driver.volume(folder);
  staged = { volumeId, stagingTargetPath: join(folder, "staging") };
});
afterAll(() => driver.close());

const at = (name: string, more: object = {}) => ({
  ...staged,
  targetPath: join(folder, name),
  volumeCapability: block,
  ...more,
});

describe("a published volume", () => {
  test("is its socket at the target for Block, and volume.nbd in a folder for Filesystem, for its owner only", async () => {
    const { node } = driver.csi;
    await node.nodeStageVolume({ ...staged, volumeCapability: block }, call);
    await node.nodePublishVolume(at("device"), call);
    await node.nodePublishVolume(at("folder", { volumeCapability: filesystem }), call);
    const socket = await stat(join(folder, "device"));
    expect([socket.isSocket(), socket.mode & 0o777]).toEqual([true, 0o600]);
    expect(await readdir(join(folder, "folder"))).toEqual(["volume.nbd"]);
    const client = await connectNbd({ path: join(folder, "folder", "volume.nbd"), signal });
    await client.write(0, Buffer.from("through"));
    const other = await connectNbd({ path: join(folder, "device"), signal });
    expect((await other.read(0, 7)).toString()).toBe("through");
    await Promise.all([client.close(), other.close()]);
  });

  test("may be published, unpublished, staged and unstaged any number of times, in any order", async () => {
    const { node } = driver.csi;
    for (let round = 0; round < 2; round++) {
      const stage = () => node.nodeStageVolume({ ...staged, volumeCapability: block }, call);
      await Promise.all([stage(), stage()]);
      await Promise.all([node.nodePublishVolume(at("t"), call), node.nodePublishVolume(at("t"), call)]);
      await node.nodeUnpublishVolume(at("t"), call);
      await node.nodeUnpublishVolume(at("t"), call);
      await node.nodeUnstageVolume(staged, call);
      await node.nodeUnstageVolume(staged, call);
    }
    const sockets = await readdir(join(driver.pool, "run"));
    expect(sockets.filter((name) => name.startsWith(volumeId))).toEqual([]);
    await expect(lstat(join(folder, "t"))).rejects.toThrow(/ENOENT/);
  });

  test("published read-only cannot be written, while its other users write", async () => {
    const { node } = driver.csi;
    await node.nodeStageVolume({ ...staged, volumeCapability: block }, call);
    await node.nodePublishVolume(at("rw"), call);
    await node.nodePublishVolume(at("ro", { readonly: true }), call);
    const writer = await connectNbd({ path: join(folder, "rw"), signal });
    const reader = await connectNbd({ path: join(folder, "ro"), signal });
    await writer.write(0, Buffer.from("seen"));
    expect((await reader.read(0, 4)).toString()).toBe("seen");
    await expect(reader.write(0, Buffer.from("x"))).rejects.toMatchObject({ code: "forbidden" });
    await Promise.all([writer.close(), reader.close()]);
  });

  test("is served again, at the same path, after the driver was started again", async () => {
    const disk = await driver.use(volumeId);
    await disk.write(0, Buffer.from("stays"), { fua: true });
    await disk.close();
    await driver.stop();
    await driver.start();
    const again = await connectNbd({ path: join(driver.folder, `target-${volumeId}`), signal });
    expect((await again.read(0, 5)).toString()).toBe("stays");
    await again.close();
  });

  test("has statistics, and a size for who asks to expand it on the node", async () => {
    const { target } = await driver.publish(volumeId);
    const { usage } = await driver.csi.node.nodeGetVolumeStats({ volumeId, volumePath: target }, call);
    expect(usage[0]).toMatchObject({ total: 1n << 20n, available: 1n << 20n, used: 0n });
    const expand = (requiredBytes: bigint) =>
      driver.csi.node.nodeExpandVolume({ volumeId, volumePath: target, capacityRange: { requiredBytes } }, call);
    expect((await expand(4096n)).capacityBytes).toBe(1n << 20n);
    await expect(expand(1n << 30n)).rejects.toMatchObject({ code: "outOfRange" });
    const elsewhere = { volumeId, volumePath: join(folder, "elsewhere") };
    await expect(driver.csi.node.nodeGetVolumeStats(elsewhere, call)).rejects.toMatchObject({ code: "notFound" });
  });
});

describe("the node service refuses", () => {
  const shared = { accessType: block.accessType, accessMode: { mode: Mode.MULTI_NODE_MULTI_WRITER } };
  const stagings: readonly [string, object, string][] = [
    ["to stage without a volume", { volumeId: "" }, "invalid"],
    ["to stage without a path", { stagingTargetPath: "" }, "invalid"],
    ["to stage at a relative path", { stagingTargetPath: "a/b" }, "invalid"],
    ["to stage without a capability", { volumeCapability: undefined }, "invalid"],
    ["to stage for many nodes", { volumeCapability: shared }, "invalid"],
    ["to stage a volume that is not there", { volumeId: "vol-none" }, "notFound"],
  ];
  test.each(stagings)("%s", async (_title, more, code) => {
    const request = { ...staged, volumeCapability: block, ...more };
    await expect(driver.csi.node.nodeStageVolume(request, call)).rejects.toMatchObject({ code });
  });

  test("to publish what is not staged, without a staging path, and over something else at the target", async () => {
    const { node } = driver.csi;
    const publish = (more: object) => node.nodePublishVolume(at("t", more), call).catch((error: unknown) => error);
    expect(await publish({})).toMatchObject({ code: "precondition" });
    expect(await publish({ stagingTargetPath: "" })).toMatchObject({ code: "precondition" });
    expect(await publish({ targetPath: "" })).toMatchObject({ code: "invalid" });
    await node.nodeStageVolume({ ...staged, volumeCapability: block }, call);
    await writeFile(join(folder, "t"), "a file of somebody");
    expect(await publish({})).toMatchObject({ code: "exists" });
  });

  test("a path that already has the volume in another way, or another volume", async () => {
    const { node } = driver.csi;
    await node.nodeStageVolume({ ...staged, volumeCapability: block }, call);
    await node.nodePublishVolume(at("t"), call);
    await expect(node.nodePublishVolume(at("t", { readonly: true }), call)).rejects.toMatchObject({ code: "exists" });
    const other = { ...staged, volumeId: await driver.volume(`${folder}-other`), volumeCapability: block };
    await expect(node.nodeStageVolume(other, call)).rejects.toMatchObject({ code: "exists" });
    const filesystemThere = { ...staged, volumeCapability: filesystem };
    await expect(node.nodeStageVolume(filesystemThere, call)).rejects.toMatchObject({ code: "exists" });
  });

  test("a second target for a volume of a single writer, whichever of the two asks to be alone", async () => {
    const { node } = driver.csi;
    const alone = { accessType: block.accessType, accessMode: { mode: Mode.SINGLE_NODE_SINGLE_WRITER } };
    await node.nodeStageVolume({ ...staged, volumeCapability: alone }, call);
    await node.nodePublishVolume(at("first", { volumeCapability: alone }), call);
    await node.nodePublishVolume(at("first", { volumeCapability: alone }), call);
    const second = node.nodePublishVolume(at("second", { volumeCapability: alone }), call);
    await expect(second).rejects.toMatchObject({ code: "precondition" });
    await expect(node.nodePublishVolume(at("second"), call)).rejects.toMatchObject({ code: "precondition" });
  });

  test("to remove a target folder into which others put files", async () => {
    const { node } = driver.csi;
    await node.nodeStageVolume({ ...staged, volumeCapability: filesystem }, call);
    await node.nodePublishVolume(at("f", { volumeCapability: filesystem }), call);
    await writeFile(join(folder, "f", "notes"), "mine");
    await expect(node.nodeUnpublishVolume(at("f"), call)).rejects.toMatchObject({ code: "precondition" });
    await rm(join(folder, "f", "notes"));
    await node.nodeUnpublishVolume(at("f"), call);
  });
});

describe("a pool at a long path", () => {
  test("puts its sockets where they fit, and a target over 107 bytes is a link that a client can follow", async () => {
    const deep = join(await mkdtemp(join(tmpdir(), "gs-deep-")), "d".repeat(60), "e".repeat(60));
    await mkdir(deep, { recursive: true });
    const far = await aDriver({ poolDir: join(deep, "pool") });
    const id = await far.volume("v");
    const targetPath = join(deep, "target");
    const request = { volumeId: id, stagingTargetPath: join(deep, "staging"), volumeCapability: block, targetPath };
    await far.csi.node.nodeStageVolume(request, call);
    await far.csi.node.nodePublishVolume(request, call);
    expect(targetPath.length).toBeGreaterThan(107);
    const socket = await readlink(targetPath);
    expect(socket.length).toBeLessThan(108);
    const client = await connectNbd({ path: targetPath, signal });
    await client.write(0, Buffer.from("x"));
    await client.close();
    await far.close();
    await expect(stat(dirname(socket))).rejects.toThrow(/ENOENT/);
    await rm(join(deep, "../.."), { recursive: true });
  });
});
