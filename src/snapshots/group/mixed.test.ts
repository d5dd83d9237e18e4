import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { beingDeleted, groupBeingCreated, groupBeingDeleted } from "../../api/annotations.ts";
import { contentFinalizer, groupContentFinalizer } from "../../api/finalizers.ts";
import { groupContents, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshot, GroupSnapshotContentStatus } from "../../api/group-snapshot/types.ts";
import { contents, snapshots } from "../../api/snapshot/resources.ts";
import { aCut, aGroup, aGroupContent, handleOf } from "../../testing/group-builders.ts";
import type { LabProcess } from "../../testing/snapshot-lab/processes.ts";
import { type SnapshotLab, snapshotLab, strip } from "../../testing/snapshot-lab.ts";

let lab: SnapshotLab;
beforeAll(async () => {
  lab = await snapshotLab();
});
afterAll(() => lab.stop());

const { signal } = new AbortController();
const at = (name: string) => ({ namespace: "shop", name });
const isReady = (group: GroupSnapshot | undefined) => group?.status?.readyToUse === true;

/** Writes a group content's status as another's sidecar does. */
async function tell(name: string, status: GroupSnapshotContentStatus): Promise<void> {
  const content = await lab.client.get(groupContents, { name }, { signal });
  await lab.client.updateStatus(groupContents, { ...content, status }, { signal });
}

describe("our controller beside another's sidecar", () => {
  let controller: LabProcess;
  beforeAll(async () => {
    controller = await lab.start("controller");
  });
  afterAll(() => controller.stop());

  test("makes a group ready whose list the sidecar never refreshes, and takes it apart without it", async () => {
    await lab.makeClaims("one", ["one-data", "one-wal"]);
    const { metadata } = await lab.makeGroup("one");
    const name = `groupsnapcontent-${metadata.uid}`;
    await lab.until(groupContents, { name }, (content) => content !== undefined);
    const first = aCut(["one-data", "one-wal"], false);
    await tell(name, first);
    await lab.until(groupSnapshots, at("one"), (group) => group?.status?.creationTime !== undefined);
    await tell(name, { ...first, readyToUse: true });
    await lab.until(groupSnapshots, at("one"), isReady);

    await lab.client.delete(groupSnapshots, at("one"), { signal });
    await lab.until(groupContents, { name }, (content) => content?.metadata.deletionTimestamp !== undefined);
    const { items } = await lab.client.list(contents, { signal });
    expect(items).toEqual([]);
    await lab.client.patch(
      groupContents,
      { name },
      { type: "merge", patch: { metadata: { finalizers: null } } },
      { signal },
    );
    await lab.until(groupSnapshots, at("one"), (group) => group === undefined);
    expect(await lab.leftovers()).toEqual([]);
  });

  test("believes a member's own content that is ready, and keeps what the sidecar wrote there", async () => {
    await lab.makeClaims("two", ["two-data"]);
    const { metadata } = await lab.makeGroup("two");
    const name = `groupsnapcontent-${metadata.uid}`;
    await lab.until(groupContents, { name }, (content) => content !== undefined);
    await tell(name, aCut(["two-data"], false));
    await lab.until(groupSnapshots, at("two"), (group) => group?.status?.creationTime !== undefined);
    const [content] = (await lab.client.list(contents, { signal })).items;
    if (!content) throw new Error("the member has no content");
    await lab.client.updateStatus(
      contents,
      { ...content, status: { ...content.status, readyToUse: true } },
      { signal },
    );
    const member = content.spec.volumeSnapshotRef.name ?? "";
    const ready = await lab.until(snapshots, at(member), (snapshot) => snapshot?.status?.readyToUse === true);
    expect(ready?.status?.volumeGroupSnapshotName).toBe("two");
    const group = await lab.client.get(groupSnapshots, at("two"), { signal });
    expect(group.status?.readyToUse).toBe(false);
    expect(content.metadata.finalizers).toEqual([contentFinalizer]);
    expect(content.metadata.annotations).not.toHaveProperty([beingDeleted]);
  });
});

describe("our sidecar beside another's controller", () => {
  test("cuts a content that came without a finalizer, and lets it go when it is marked", async () => {
    const sidecar = await lab.start("sidecar");
    await lab.makeClaims("three", ["three-data"]);
    const group = aGroup({}, { name: "three", uid: "11111111-2222-3333-4444-555555555555" });
    const content = strip(aGroupContent(group, ["three-data"], { meta: { finalizers: [] } }));
    const { name } = content.metadata;
    await lab.client.create(groupContents, content, { signal });
    const cut = await lab.until(
      groupContents,
      { name },
      (one) => one?.status?.readyToUse === true && one.metadata.annotations?.[groupBeingCreated] === undefined,
    );
    expect(cut?.metadata.finalizers).toEqual([groupContentFinalizer]);
    const mark = { metadata: { annotations: { [groupBeingDeleted]: "yes" } } };
    await lab.client.patch(groupContents, { name }, { type: "merge", patch: mark }, { signal });
    await lab.client.delete(groupContents, { name }, { signal });
    await lab.until(groupContents, { name }, (one) => one === undefined);
    const handle = cut?.status?.volumeGroupSnapshotHandle ?? "";
    expect([handle === "", lab.driver.world.groups.has(handle)]).toEqual([false, false]);
    expect(cut?.status?.volumeSnapshotInfoList?.map(({ volumeHandle }) => volumeHandle)).toEqual([
      handleOf("three-data"),
    ]);
    await sidecar.stop();
  });
});

describe("a driver that cannot make group snapshots", () => {
  test("is named on the group at once, and the group goes without having called it", async () => {
    const other = await snapshotLab({ driver: { without: ["CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT"] } });
    await Promise.all([other.start("controller"), other.start("sidecar")]);
    await other.makeClaims("four", ["four-data"]);
    await other.makeGroup("four");
    const group = await other.until(groupSnapshots, at("four"), (one) => one?.status?.error !== undefined);
    expect(group?.status?.error?.message).toContain('"scripted.csi.example.com"');
    expect(group?.status?.error?.message).toContain("CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT");
    await other.client.delete(groupSnapshots, at("four"), { signal });
    await other.until(groupSnapshots, at("four"), (one) => one === undefined);
    expect(other.driver.count("CreateVolumeGroupSnapshot")).toBe(0);
    await other.stop();
  });
});
