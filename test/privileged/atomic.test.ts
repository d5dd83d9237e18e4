import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDriver, call, formatted, type TestDriver } from "../../src/driver/testing.ts";
import { loopsBelow, type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

let scratch: ScratchPool;
let driver: TestDriver;

beforeAll(async () => {
  scratch = await scratchPool("btrfs");
  driver = await aDriver({ poolDir: join(scratch.path, "pool"), ownProcess: true });
});

afterAll(async () => {
  await driver.close();
  await scratch.remove();
});

test("as root on btrfs the atomic engine is picked", async () => {
  const { manifest } = await driver.csi.identity.getPluginInfo({}, call);
  expect(manifest).toMatchObject({ engine: "atomic" });
});

test.each(["ext4", "xfs"])("what was written to %s volumes comes back from a group snapshot", async (fsType) => {
  const used = await Promise.all([0, 1].map((i) => put(`${fsType}-${i}`, fsType)));
  for (const { target } of used) await writeFile(join(target, "note"), `of ${target}`);
  const { groupSnapshot } = await driver.csi.groupController.createVolumeGroupSnapshot(
    { name: `group-${fsType}`, sourceVolumeIds: used.map(({ id }) => id) },
    call,
  );
  for (const { target } of used) await writeFile(join(target, "note"), "later");
  for (const [i, { id, target }] of used.entries()) {
    const snapshotId = groupSnapshot?.snapshots.find((one) => one.sourceVolumeId === id)?.snapshotId ?? "";
    const copy = await put(`${fsType}-copy-${i}`, fsType, { type: { case: "snapshot", value: { snapshotId } } });
    expect(await readFile(join(copy.target, "note"), "utf8")).toBe(`of ${target}`);
    await end(copy.id);
  }
  for (const { id } of used) await end(id);
  const groupSnapshotId = groupSnapshot?.groupSnapshotId ?? "";
  await driver.csi.groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds: [] }, call);
  expect(await loopsBelow(scratch.path)).toEqual([]);
});

interface Source {
  readonly type: { readonly case: "snapshot"; readonly value: { readonly snapshotId: string } };
}

const pathsOf = (id: string) => ({ staging: join(driver.folder, `s-${id}`), target: join(driver.folder, `t-${id}`) });

async function put(name: string, fsType: string, source?: Source) {
  const volumeCapability = formatted(fsType);
  const capacityRange = { requiredBytes: 400n << 20n };
  const asked = { name, capacityRange, volumeCapabilities: [volumeCapability] };
  const { volume } = await driver.csi.controller.createVolume(
    { ...asked, ...(source && { volumeContentSource: source }) },
    call,
  );
  const volumeId = volume?.volumeId ?? "";
  const { staging, target } = pathsOf(volumeId);
  await mkdir(staging);
  const staged = { volumeId, stagingTargetPath: staging, volumeCapability };
  await driver.csi.node.nodeStageVolume(staged, call);
  await driver.csi.node.nodePublishVolume({ ...staged, targetPath: target }, call);
  return { id: volumeId, target };
}

async function end(volumeId: string): Promise<void> {
  const { staging, target } = pathsOf(volumeId);
  await driver.csi.node.nodeUnpublishVolume({ volumeId, targetPath: target }, call);
  await driver.csi.node.nodeUnstageVolume({ volumeId, stagingTargetPath: staging }, call);
  await driver.csi.controller.deleteVolume({ volumeId }, call);
}
