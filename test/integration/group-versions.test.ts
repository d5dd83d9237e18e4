import { afterAll, beforeAll, expect, test } from "vitest";
import { groupClasses, groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { type GroupVersion, groupVersions } from "../../src/api/group-snapshot/versions.ts";
import { snapshots } from "../../src/api/snapshot/resources.ts";
import type { KubeObject, Resource } from "../../src/kube/object.ts";
import { type SnapshotLab, snapshotLab } from "../../src/testing/snapshot-lab.ts";

let lab: SnapshotLab;
beforeAll(async () => {
  lab = await snapshotLab();
});
afterAll(() => lab.stop());

interface Shown extends KubeObject {
  readonly status?: object;
}

const call = () => ({ signal: AbortSignal.timeout(20_000) });
const inVersion = (resource: Resource, version: GroupVersion): Resource<Shown> => ({ ...resource, version });

async function readyGroup(app: string) {
  await lab.makeClaims(app, [`${app}-0`, `${app}-1`]);
  await lab.makeGroup(app);
  const at = { namespace: "shop", name: app };
  const group = await lab.until(groupSnapshots, at, (one) => one?.status?.readyToUse === true);
  const contentName = group?.status?.boundVolumeGroupSnapshotContentName ?? "";
  const members = (await lab.client.list(snapshots, { namespace: "shop", ...call() })).items;
  return { at, contentName, members };
}

test("a ready group shows its members to clients of v1beta1, and goes whole when it is deleted through v1alpha1", async () => {
  const processes = await Promise.all([lab.start("controller"), lab.start("sidecar")]);
  const { at, contentName } = await readyGroup("versions");
  const old = await lab.client.get(inVersion(groupContents, "v1beta1"), { name: contentName }, call());
  expect(old.status).toMatchObject({
    readyToUse: true,
    volumeSnapshotHandlePairList: [0, 1].map(() => ({
      volumeHandle: expect.any(String),
      snapshotHandle: expect.any(String),
    })),
  });
  await lab.client.delete(inVersion(groupSnapshots, "v1alpha1"), at, call());
  await lab.until(groupContents, { name: contentName }, (one) => one === undefined);
  await lab.until(groupSnapshots, at, (one) => one === undefined);
  expect(await lab.leftovers()).toEqual([]);
  for (const one of processes) await one.stop();
});

test("members whose owner was written in an older version stay the group's own: none is made twice, all go with it", async () => {
  const first = await Promise.all([lab.start("controller"), lab.start("sidecar")]);
  const { at, contentName, members } = await readyGroup("owners");
  for (const one of first) await one.stop();
  for (const { metadata } of members) {
    const ownerReferences = (metadata.ownerReferences ?? []).map((owner) => ({
      ...owner,
      apiVersion: "groupsnapshot.storage.k8s.io/v1beta1",
    }));
    await lab.client.patch(snapshots, metadata, { type: "merge", patch: { metadata: { ownerReferences } } }, call());
  }
  const second = await Promise.all([lab.start("controller"), lab.start("sidecar")]);
  await lab.settled();
  const after = (await lab.client.list(snapshots, { namespace: "shop", ...call() })).items;
  expect(after.map(({ metadata }) => metadata.uid)).toEqual(members.map(({ metadata }) => metadata.uid));
  await lab.client.delete(inVersion(groupSnapshots, "v1beta1"), at, call());
  await lab.until(groupContents, { name: contentName }, (one) => one === undefined);
  await lab.until(groupSnapshots, at, (one) => one === undefined);
  expect(await lab.leftovers()).toEqual([]);
  for (const one of second) await one.stop();
});

test.each(groupVersions)(
  "the example of the announcement, made in %s, gets its members and goes as it came",
  async (version) => {
    const processes = await Promise.all([lab.start("controller"), lab.start("sidecar")]);
    const inIt = inVersion(groupSnapshots, version);
    const classInIt = inVersion(groupClasses, version);
    const apiVersion = `${groupSnapshots.group}/${version}`;
    const kind = { apiVersion, kind: groupClasses.kind, metadata: { name: `class-${version}` } };
    await lab.client.create(classInIt, { ...kind, driver: lab.driver.name, deletionPolicy: "Delete" } as never, call());
    await lab.makeClaims(`my-${version}`, [`pvc-0-${version}`, `pvc-1-${version}`]);
    const at = { namespace: "shop", name: `new-group-snapshot-demo-${version}` };
    const source = { selector: { matchLabels: { app: `my-${version}` } } };
    const spec = { volumeGroupSnapshotClassName: `class-${version}`, source };
    await lab.client.create(inIt, { apiVersion, kind: groupSnapshots.kind, metadata: at, spec } as never, call());
    const ready = await lab.until(inIt, at, (one) => (one?.status as Told | undefined)?.readyToUse === true);
    expect(ready?.apiVersion).toBe(apiVersion);
    const { items } = await lab.client.list(snapshots, { namespace: "shop", ...call() });
    const claimNames = items.map((member) => member.spec.source.persistentVolumeClaimName);
    expect(new Set(claimNames)).toEqual(new Set([`pvc-0-${version}`, `pvc-1-${version}`]));
    await lab.client.delete(inIt, at, call());
    await lab.until(inIt, at, (one) => one === undefined);
    expect(await lab.leftovers()).toEqual([]);
    for (const one of processes) await one.stop();
  },
);

interface Told {
  readonly readyToUse?: boolean;
}
