import { afterEach, beforeEach, expect, test } from "vitest";
import { capabilitiesOf } from "../csi/capabilities.ts";
import { type ScriptedDriver, scriptedDriver } from "./scripted-driver.ts";

let driver: ScriptedDriver;
const soon = { signal: new AbortController().signal, timeoutMs: 5_000 };
const someUse = [{ accessType: { case: "mount" as const, value: {} }, accessMode: { mode: 1 } }];

beforeEach(async () => {
  driver = await scriptedDriver({ volumes: [{ id: "a" }, { id: "b" }] });
});
afterEach(() => driver.stop());

test("a scripted driver makes each volume, snapshot and group once, however often it is asked", async () => {
  const { csi, world } = driver;
  for (const _ of [1, 2]) {
    await csi.controller.createVolume({ name: "pvc-1", volumeCapabilities: someUse }, soon);
    await csi.controller.createSnapshot({ name: "snapshot-1", sourceVolumeId: "a" }, soon);
    await csi.groupController.createVolumeGroupSnapshot({ name: "g", sourceVolumeIds: ["a", "b"] }, soon);
  }
  expect([world.volumes.size, world.snapshots.size, world.groups.size]).toEqual([3, 3, 1]);
});

test("a scripted driver refuses the same name for something else", async () => {
  const { csi } = driver;
  await csi.groupController.createVolumeGroupSnapshot({ name: "g", sourceVolumeIds: ["a", "b"] }, soon);
  await csi.controller.createSnapshot({ name: "s", sourceVolumeId: "a" }, soon);
  const other = csi.groupController.createVolumeGroupSnapshot({ name: "g", sourceVolumeIds: ["a"] }, soon);
  await expect(other).rejects.toMatchObject({ code: "exists" });
  const otherSnapshot = csi.controller.createSnapshot({ name: "s", sourceVolumeId: "b" }, soon);
  await expect(otherSnapshot).rejects.toMatchObject({ code: "exists" });
});

test("a scripted driver cuts a group of all its volumes or of none", async () => {
  const cut = driver.csi.groupController.createVolumeGroupSnapshot({ name: "g", sourceVolumeIds: ["a", "gone"] }, soon);
  await expect(cut).rejects.toMatchObject({ code: "notFound" });
  expect(driver.world.snapshots.size).toBe(0);
});

test("a scripted driver deletes a group with its members, and no member alone", async () => {
  const { csi, world } = driver;
  const { groupSnapshot } = await csi.groupController.createVolumeGroupSnapshot(
    { name: "g", sourceVolumeIds: ["a"] },
    soon,
  );
  const [snapshotId = ""] = world.snapshots.keys();
  await expect(csi.controller.deleteSnapshot({ snapshotId }, soon)).rejects.toMatchObject({ code: "invalid" });
  const groupSnapshotId = groupSnapshot?.groupSnapshotId ?? "";
  await csi.groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds: [snapshotId] }, soon);
  await csi.groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds: [snapshotId] }, soon);
  expect([world.snapshots.size, world.groups.size]).toEqual([0, 0]);
});

test("a scripted driver calls a group ready after as many polls as it was told", async () => {
  driver.readyAfter(2);
  const poll = () => driver.csi.groupController.createVolumeGroupSnapshot({ name: "g", sourceVolumeIds: ["a"] }, soon);
  const answers = [await poll(), await poll(), await poll()];
  expect(answers.map((answer) => answer.groupSnapshot?.readyToUse)).toEqual([false, false, true]);
});

test("a scripted driver fails as often as it was told, before or after the work", async () => {
  const create = () => driver.csi.controller.createSnapshot({ name: "s", sourceVolumeId: "a" }, soon);
  driver.fail("CreateSnapshot", "exhausted", { times: 1 });
  await expect(create()).rejects.toMatchObject({ code: "exhausted" });
  expect(driver.world.snapshots.size).toBe(0);
  driver.fail("CreateSnapshot", "internal", { times: 1, afterwards: true });
  await expect(create()).rejects.toMatchObject({ code: "internal" });
  expect(driver.world.snapshots.size).toBe(1);
  await create();
  expect(driver.count("CreateSnapshot")).toBe(3);
});

test("a scripted driver holds a call until it is let go, and changes answers", async () => {
  const release = driver.hold("CreateSnapshot");
  const arrived = driver.called("CreateSnapshot");
  driver.alter("CreateSnapshot", () => ({ snapshot: { snapshotId: "altered" } }));
  const answer = driver.csi.controller.createSnapshot({ name: "s", sourceVolumeId: "a" }, soon);
  await arrived;
  expect(driver.world.snapshots.size).toBe(0);
  release();
  expect((await answer).snapshot?.snapshotId).toBe("altered");
});

test("a scripted driver lists in pages, and forgets nothing when it restarts", async () => {
  const { csi } = driver;
  const first = await csi.controller.listVolumes({ maxEntries: 1 }, soon);
  await driver.restart();
  const second = await csi.controller.listVolumes({ maxEntries: 1, startingToken: first.nextToken }, soon);
  const ids = [...first.entries, ...second.entries].map((entry) => entry.volume?.volumeId);
  expect([ids, second.nextToken]).toEqual([["a", "b"], ""]);
});

test("a scripted driver without a capability neither names nor has it", async () => {
  const poor = await scriptedDriver({ without: ["GROUP_CONTROLLER_SERVICE", "LIST_SNAPSHOTS"] });
  const found = await capabilitiesOf(poor.csi, soon);
  expect([found.group.size, found.controller.has("LIST_SNAPSHOTS"), found.controller.has("GET_SNAPSHOT")]).toEqual([
    0,
    false,
    true,
  ]);
  await expect(poor.csi.controller.listSnapshots({}, soon)).rejects.toMatchObject({ code: "unimplemented" });
  await poor.stop();
});
