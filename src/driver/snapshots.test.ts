import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consistencyIn } from "../csi/consistency.ts";
import type { Metadata } from "../csi/service.ts";
import { aDriver, block, call, type TestDriver } from "./testing.ts";

let driver: TestDriver;
beforeAll(async () => {
  driver = await aDriver();
});
afterAll(() => driver.close());

const take = async (name: string, sourceVolumeId: string) =>
  (await driver.csi.controller.createSnapshot({ name, sourceVolumeId }, call)).snapshot;
const takeGroup = async (name: string, sourceVolumeIds: string[], parameters = {}) =>
  (await driver.csi.groupController.createVolumeGroupSnapshot({ name, sourceVolumeIds, parameters }, call))
    .groupSnapshot;
const restore = async (name: string, snapshotId: string, requiredBytes = 0n) => {
  const volumeContentSource = { type: { case: "snapshot" as const, value: { snapshotId } } };
  const asked = { name, volumeCapabilities: [block], volumeContentSource, capacityRange: { requiredBytes } };
  return (await driver.csi.controller.createVolume(asked, call)).volume;
};

describe("CreateSnapshot", () => {
  test("asked at once and again answers one snapshot, ready, with the instant of its cut", async () => {
    const source = await driver.volume("source-1");
    const answers = await Promise.all([1, 2, 3].map(() => take("single", source)));
    answers.push(await take("single", source));
    expect(new Set(answers.map((snapshot) => snapshot?.snapshotId)).size).toBe(1);
    expect(answers[0]).toMatchObject({ readyToUse: true, sizeBytes: 1n << 20n, sourceVolumeId: source });
    expect(Math.abs(Number(answers[0]?.creationTime?.seconds) - Date.now() / 1000)).toBeLessThan(30);
  });

  test("refuses a name taken by another volume, a volume that is not there, and missing fields", async () => {
    const [a, b] = [await driver.volume("a"), await driver.volume("b")];
    await take("taken", a);
    await expect(take("taken", b)).rejects.toMatchObject({ code: "exists" });
    await expect(take("new", "vol-none")).rejects.toMatchObject({ code: "notFound" });
    await expect(take("", a)).rejects.toMatchObject({ code: "invalid" });
    await expect(take("new", "")).rejects.toMatchObject({ code: "invalid" });
    const parameters = { speed: "fast" };
    const asked = driver.csi.controller.createSnapshot({ name: "new", sourceVolumeId: a, parameters }, call);
    await expect(asked).rejects.toThrow(/unknown parameters in the class: speed/);
  });

  test("takes a class that has its policy among the parameters too, as Kubernetes' storage suite writes them", async () => {
    const sourceVolumeId = await driver.volume("of-the-suite");
    const parameters = { deletionPolicy: "Retain" };
    const { snapshot } = await driver.csi.controller.createSnapshot({ name: "s", sourceVolumeId, parameters }, call);
    expect(snapshot?.readyToUse).toBe(true);
  });

  test("restores larger but not smaller, and the snapshot outlives its volume", async () => {
    const source = await driver.volume("short-lived", 1 << 20);
    const disk = await driver.use(source);
    await disk.write(0, Buffer.from("kept"));
    const id = (await take("survivor", source))?.snapshotId ?? "";
    await driver.unpublish(source);
    await driver.csi.controller.deleteVolume({ volumeId: source }, call);
    const restored = await restore("larger", id, 2n << 20n);
    expect(restored?.contentSource?.type).toMatchObject({ case: "snapshot", value: { snapshotId: id } });
    const copy = await driver.use(restored?.volumeId ?? "");
    expect([copy.sizeBytes, (await copy.read(0, 4)).toString()]).toEqual([2 << 20, "kept"]);
    await expect(restore("smaller", id, 4096n)).rejects.toMatchObject({ code: "outOfRange" });
  });
});

test("single snapshots and groups are told with what they are worth, at their creation and later", async () => {
  const source = await driver.volume("worth");
  const heard: unknown[] = [];
  const asked = { ...call, onMetadata: (metadata: Metadata) => heard.push(consistencyIn(metadata)) };
  const { controller, groupController } = driver.csi;
  const { snapshot } = await controller.createSnapshot({ name: "worth", sourceVolumeId: source }, asked);
  await controller.getSnapshot({ snapshotId: snapshot?.snapshotId ?? "" }, asked);
  const wanted = { name: "worth-group", sourceVolumeIds: [source] };
  const { groupSnapshot } = await groupController.createVolumeGroupSnapshot(wanted, asked);
  const { groupSnapshotId = "" } = groupSnapshot ?? {};
  await groupController.getVolumeGroupSnapshot({ groupSnapshotId }, asked);
  expect(heard).toEqual(["crash", "crash", "crash", "crash"]);
});

describe("snapshots that were taken", () => {
  test("are listed by page, by volume, by id, and found alone; unknown ones are an empty list or NOT_FOUND", async () => {
    const source = await driver.volume("listed");
    const ids = [];
    for (const name of ["l1", "l2", "l3"]) ids.push((await take(name, source))?.snapshotId);
    const { listSnapshots, getSnapshot } = driver.csi.controller;
    const first = await listSnapshots({ sourceVolumeId: source, maxEntries: 2 }, call);
    const rest = await listSnapshots({ sourceVolumeId: source, startingToken: first.nextToken }, call);
    const idsOf = (page: typeof first) => page.entries.map((entry) => entry.snapshot?.snapshotId);
    expect([...idsOf(first), ...idsOf(rest)]).toEqual(ids);
    const snapshotId = ids[1] ?? "";
    expect(idsOf(await listSnapshots({ snapshotId }, call))).toEqual([snapshotId]);
    expect(idsOf(await listSnapshots({ snapshotId, sourceVolumeId: "other" }, call))).toEqual([]);
    expect(idsOf(await listSnapshots({ snapshotId: "snap-none" }, call))).toEqual([]);
    expect((await getSnapshot({ snapshotId }, call)).snapshot?.sourceVolumeId).toBe(source);
    await expect(getSnapshot({ snapshotId: "snap-none" }, call)).rejects.toMatchObject({ code: "notFound" });
    await expect(listSnapshots({ startingToken: "x" }, call)).rejects.toMatchObject({ code: "busy" });
  });

  test("are deleted with their image, and once gone may be deleted again", async () => {
    const snapshotId = (await take("deleted", await driver.volume("d")))?.snapshotId ?? "";
    await driver.csi.controller.deleteSnapshot({ snapshotId }, call);
    await driver.csi.controller.deleteSnapshot({ snapshotId }, call);
    expect(await readdir(join(driver.pool, "snapshots"))).not.toContain(`${snapshotId}.img`);
    await expect(restore("too-late", snapshotId)).rejects.toMatchObject({ code: "notFound" });
  });

  test("whose image is missing are not ready and cannot be restored", async () => {
    const snapshotId = (await take("torn", await driver.volume("t")))?.snapshotId ?? "";
    await rm(join(driver.pool, "snapshots", `${snapshotId}.img`));
    const { snapshot } = await driver.csi.controller.getSnapshot({ snapshotId }, call);
    expect(snapshot?.readyToUse).toBe(false);
    await expect(restore("from-nothing", snapshotId)).rejects.toMatchObject({ code: "internal" });
  });
});

describe("CreateVolumeGroupSnapshot", () => {
  test("asked at once, again, and in another order answers one group, its members with one instant", async () => {
    const ids = [await driver.volume("g1"), await driver.volume("g2"), await driver.volume("g3")];
    const groups = await Promise.all([ids, ids.toReversed(), ids].map((sources) => takeGroup("group", sources)));
    groups.push(await takeGroup("group", ids));
    expect(new Set(groups.map((group) => group?.groupSnapshotId)).size).toBe(1);
    const [group] = groups;
    const members = group?.snapshots ?? [];
    expect(members.map((member) => member.sourceVolumeId).toSorted()).toEqual(ids.toSorted());
    const instants = members.map(({ creationTime }) => `${creationTime?.seconds}.${creationTime?.nanos}`);
    expect(new Set([...instants, `${group?.creationTime?.seconds}.${group?.creationTime?.nanos}`]).size).toBe(1);
    expect(members.every((member) => member.groupSnapshotId === group?.groupSnapshotId && member.readyToUse)).toBe(
      true,
    );
  });

  test("refuses other volumes under the same name, one that is missing, none, and one named twice", async () => {
    const [a, b] = [await driver.volume("r1"), await driver.volume("r2")];
    await takeGroup("refusing", [a, b]);
    await expect(takeGroup("refusing", [a])).rejects.toMatchObject({ code: "exists" });
    await expect(takeGroup("partly", [a, "vol-none"])).rejects.toMatchObject({ code: "notFound" });
    await expect(takeGroup("empty", [])).rejects.toMatchObject({ code: "invalid" });
    await expect(takeGroup("twice", [a, a])).rejects.toThrow(/twice/);
    await expect(takeGroup("odd", [a], { odd: "1" })).rejects.toThrow(/this driver knows/);
    const tooMany = Array.from({ length: 501 }, (_, i) => `vol-${i}`);
    await expect(takeGroup("many", tooMany)).rejects.toThrow(/at most 500/);
  });
});

describe("a group", () => {
  test("goes as a whole: a member alone is refused, the group takes all, and once gone may be deleted again", async () => {
    const ids = [await driver.volume("w1"), await driver.volume("w2")];
    const group = await takeGroup("whole", ids);
    const groupSnapshotId = group?.groupSnapshotId ?? "";
    const snapshotIds = group?.snapshots.map(({ snapshotId }) => snapshotId) ?? [];
    const { groupController, controller } = driver.csi;
    const member = controller.deleteSnapshot({ snapshotId: snapshotIds[0] ?? "" }, call);
    await expect(member).rejects.toMatchObject({ code: "invalid" });
    const other = groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds: ["snap-x"] }, call);
    await expect(other).rejects.toThrow(/are not the members/);
    expect(
      (await groupController.getVolumeGroupSnapshot({ groupSnapshotId, snapshotIds }, call)).groupSnapshot,
    ).toEqual(group);
    await groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds }, call);
    await groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds }, call);
    await expect(groupController.getVolumeGroupSnapshot({ groupSnapshotId }, call)).rejects.toMatchObject({
      code: "notFound",
    });
    const images = await readdir(join(driver.pool, "snapshots"));
    expect(images.filter((image) => snapshotIds.some((id) => image.startsWith(id)))).toEqual([]);
    expect((await takeGroup("whole", ids))?.groupSnapshotId).not.toBe(groupSnapshotId);
  });
});
