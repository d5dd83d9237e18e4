import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { groupContentFinalizer } from "../../api/finalizers.ts";
import { groupClasses, groupContents, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../api/group-snapshot/types.ts";
import { groupSnapshotHandle, snapshotHandle } from "../../api/handles.ts";
import { memberGroupName } from "../../api/labels.ts";
import { contents, snapshots } from "../../api/snapshot/resources.ts";
import type { Snapshot } from "../../api/snapshot/types.ts";
import { namespaces } from "../../kube/core/namespace.ts";
import { aGroup, aGroupClass, aGroupContent } from "../../testing/group-builders.ts";
import { aContentOf, aReadySnapshot } from "../../testing/objects/storage.ts";
import { type SnapshotLab, snapshotLab, strip } from "../../testing/snapshot-lab.ts";

let lab: SnapshotLab;
let apps = 0;
let app: string;
let namespace: string;
beforeAll(async () => {
  lab = await snapshotLab();
  const elsewhere = { apiVersion: "v1", kind: "Namespace", metadata: { name: "elsewhere" } };
  await lab.client.create(namespaces, elsewhere, { signal });
  await Promise.all([lab.start("controller"), lab.start("sidecar")]);
});
afterAll(() => lab.stop());
beforeEach(() => {
  app = `brought${++apps}`;
  namespace = "shop";
});
afterEach(async () => {
  lab.driver.heal();
  await lab.client.delete(groupSnapshots, at(), { signal }).catch(() => undefined); // gone in the test
  await until((group) => group === undefined);
  await lab.client.delete(groupContents, { name: app }, { signal }).catch(() => undefined); // gone with its group
  await lab.until(groupContents, { name: app }, (gone) => gone === undefined);
  expect(await lab.leftovers()).toEqual([]);
});

const { signal } = new AbortController();
const at = (name = app) => ({ namespace, name });
const until = (is: (group: GroupSnapshot | undefined) => boolean) => lab.until(groupSnapshots, at(), is);
const isReady = (group: GroupSnapshot | undefined) => group?.status?.readyToUse === true;
const saying = (text: string) => (group: GroupSnapshot | undefined) =>
  group?.status?.error?.message?.includes(text) === true;

async function members(): Promise<readonly Snapshot[]> {
  return (await lab.client.list(snapshots, { namespace, signal })).items;
}

interface OnStorage {
  readonly handle: string;
  readonly members: readonly string[];
}

/** Two volumes of claims in "shop", cut by somebody else. */
async function aCutOnStorage(): Promise<OnStorage> {
  await lab.makeClaims(app, [`${app}-data`, `${app}-wal`]);
  const sourceVolumeIds = [`handle-of-${app}-data`, `handle-of-${app}-wal`];
  const { groupSnapshot } = await lab.driver.csi.groupController.createVolumeGroupSnapshot(
    { name: app, sourceVolumeIds },
    { signal, timeoutMs: 5_000 },
  );
  const snapshotIds = groupSnapshot?.snapshots.map(({ snapshotId }) => snapshotId) ?? [];
  return { handle: groupSnapshot?.groupSnapshotId ?? "", members: snapshotIds };
}

/** The content that an admin writes for it. */
function bring(cut: OnStorage, reference: { readonly name?: string; readonly uid?: string } = {}) {
  const model = aGroupContent(aGroup({}, { name: app, namespace }), []);
  const { uid: _uid, ...named } = model.spec.volumeGroupSnapshotRef;
  const groupSnapshotHandles = {
    volumeGroupSnapshotHandle: groupSnapshotHandle(cut.handle),
    volumeSnapshotHandles: cut.members.map(snapshotHandle),
  };
  const content = {
    ...strip(model),
    metadata: { name: app, finalizers: [groupContentFinalizer] },
    spec: {
      ...model.spec,
      volumeGroupSnapshotRef: { ...named, ...reference },
      source: { groupSnapshotHandles },
    },
  };
  return lab.client.create(groupContents, content, { signal });
}

/** The group that names the content. */
function adopt(volumeGroupSnapshotClassName?: string) {
  const spec = {
    source: { volumeGroupSnapshotContentName: app },
    ...(volumeGroupSnapshotClassName === undefined ? {} : { volumeGroupSnapshotClassName }),
  };
  return lab.client.create(groupSnapshots, strip(aGroup({ spec }, { name: app, namespace })), { signal });
}

describe("a group snapshot that an admin has brought", () => {
  test("binds, gets its members without hand work, and goes with its group", async () => {
    await bring(await aCutOnStorage());
    await adopt();
    await until(isReady);
    const made = await members();
    expect(made.map(({ status }) => status?.readyToUse)).toEqual([true, true]);
    const claimNames = made.map(({ spec }) => spec.source.persistentVolumeClaimName);
    expect(new Set(claimNames)).toEqual(new Set([`${app}-data`, `${app}-wal`]));
    expect(lab.driver.count("GetVolumeGroupSnapshot")).toBeGreaterThan(0);
    await lab.client.delete(groupSnapshots, at(), { signal });
    await until((gone) => gone === undefined);
    expect(lab.driver.world.groups.size).toBe(0);
  });

  test("lets a member that was added by hand, with a content of its own, take the place of the one it made", async () => {
    const cut = await aCutOnStorage();
    await bring(cut);
    await adopt();
    const group = await until(isReady);
    const name = `${app}-by-hand`;
    const { status: _status, spec, ...content } = strip(aContentOf(aReadySnapshot(name)));
    const volumeSnapshotRef = { kind: "VolumeSnapshot", namespace, name };
    const source = { snapshotHandle: snapshotHandle(cut.members[0] ?? "") };
    const written = { ...content, metadata: { name }, spec: { ...spec, source, volumeSnapshotRef } };
    await lab.client.create(contents, written, { signal });
    const { apiVersion, kind } = aGroup();
    const ownerReferences = [{ apiVersion, kind, name: app, uid: group?.metadata.uid ?? "" }];
    const { status: _ready, ...snapshot } = aReadySnapshot(name);
    const metadata = { name, namespace, ownerReferences };
    const asked = { ...snapshot, metadata, spec: { source: { volumeSnapshotContentName: name } } };
    await lab.client.create(snapshots, asked, { signal });
    await lab.until(snapshots, at(name), (found) => found?.status?.readyToUse === true);
    expect(await members()).toHaveLength(cut.members.length);
    expect(lab.driver.world.snapshots.size).toBe(cut.members.length); // nothing has gone on the storage
    await lab.client.delete(groupSnapshots, at(), { signal });
    await until((gone) => gone === undefined);
    await lab.until(snapshots, at(name), (gone) => gone === undefined);
    await lab.until(contents, { name }, (gone) => gone === undefined);
    expect(lab.driver.world.groups.size).toBe(0);
  });

  test("gets its members in the namespace that its content names, although no claim is there, with the group as label", async () => {
    const cut = await aCutOnStorage();
    namespace = "elsewhere";
    await bring(cut);
    await adopt();
    await until(isReady);
    const made = await members();
    expect(made.map(({ metadata }) => metadata.labels?.[memberGroupName])).toEqual([app, app]);
    const named = made.map(({ spec }) => spec.source.volumeSnapshotContentName ?? "");
    const held = await Promise.all(named.map((name) => lab.client.get(contents, { name }, { signal })));
    expect(new Set(held.map(({ spec }) => spec.source.snapshotHandle))).toEqual(new Set(cut.members));
  });

  test("whose content names the group on the storage alone gets every member that the driver tells", async () => {
    const { handle } = await aCutOnStorage();
    await bring({ handle, members: [] });
    await adopt();
    await until(isReady);
    expect(await members()).toHaveLength(2);
  });

  test("is not bound to a group that it does not name", async () => {
    await bring(await aCutOnStorage(), { name: "somebody" });
    await adopt();
    const group = await until(saying("belongs to shop/somebody"));
    expect(group?.status?.boundVolumeGroupSnapshotContentName).toBeUndefined();
  });

  test("is not bound to a later group of the name, when its content was bound to an earlier one", async () => {
    await bring(await aCutOnStorage(), { uid: "of-an-earlier-one" });
    await adopt();
    const group = await until(saying("uid of-an-earlier-one"));
    expect(group?.status?.boundVolumeGroupSnapshotContentName).toBeUndefined();
  });

  test("is not bound to a group whose class is of another driver", async () => {
    const foreign = aGroupClass({ driver: "other.example.com" }, { name: "foreign" });
    await lab.client.create(groupClasses, strip(foreign), { signal });
    await bring(await aCutOnStorage());
    await adopt("foreign");
    const group = await until(saying('"foreign" of driver other.example.com'));
    expect(group?.status?.boundVolumeGroupSnapshotContentName).toBeUndefined();
  });

  test("is waited for, with a word, when the content is not there", async () => {
    await adopt();
    const group = await until(saying(`names "${app}"`));
    expect(group?.status?.readyToUse).toBe(false);
    await bring(await aCutOnStorage());
    await until(isReady);
  });

  test("that the driver does not know is not ready, and group and content say so", async () => {
    await bring({ handle: "nowhere", members: ["lost"] });
    await adopt();
    const group = await until(saying('no group snapshot "nowhere"'));
    expect(group?.status?.readyToUse).toBe(false);
    expect(await members()).toEqual([]);
    const content = await lab.client.get(groupContents, { name: app }, { signal });
    expect(content.status?.error?.message).toContain('"nowhere"');
  });

  test("with other members than the driver tells is not ready, and says which is missing", async () => {
    const cut = await aCutOnStorage();
    lab.driver.alter("GetVolumeGroupSnapshot", (answer) => {
      const { snapshots: told = [], ...group } = answer.groupSnapshot as { snapshots?: readonly object[] }; // as CSI has it
      return { groupSnapshot: { ...group, snapshots: told.slice(1) } };
    });
    await bring(cut);
    await adopt();
    await until(saying(`1 snapshots for the 2 of spec.source.groupSnapshotHandles, without "${cut.members[0]}"`));
    expect(await members()).toEqual([]);
    lab.driver.heal();
    await lab.client.patch(groupContents, { name: app }, touch, { signal });
    await until(isReady);
  });

  test("stays ready when its content is taken away by force, says so, and is bound again when that is brought again", async () => {
    const cut = await aCutOnStorage();
    await bring(cut);
    await adopt();
    await until(isReady);
    await lab.client.delete(groupContents, { name: app }, { signal });
    await lab.client.patch(groupContents, { name: app }, withoutFinalizers, { signal });
    const lost = await until(saying("was deleted by force"));
    expect(lost?.status?.readyToUse).toBe(true);
    const again = await bring(cut);
    await lab.until(
      groupContents,
      { name: app },
      (content) =>
        content?.metadata.uid === again.metadata.uid && content.spec.volumeGroupSnapshotRef.uid !== undefined,
    );
    await until((group) => isReady(group) && group?.status?.error === undefined);
  });
});

const withoutFinalizers = { type: "merge", patch: { metadata: { finalizers: null } } } as const;
const touch = { type: "merge", patch: { metadata: { annotations: { touched: "yes" } } } } as const;
