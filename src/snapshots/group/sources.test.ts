import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isDefaultGroupClass } from "../../api/annotations.ts";
import { groupClasses, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../api/group-snapshot/types.ts";
import { snapshots } from "../../api/snapshot/resources.ts";
import type { Snapshot } from "../../api/snapshot/types.ts";
import { claims } from "../../kube/core/claim.ts";
import { volumes } from "../../kube/core/volume.ts";
import type { LabelSelector } from "../../kube/object.ts";
import { aGroup, aGroupClass } from "../../testing/group-builders.ts";
import { type SnapshotLab, snapshotLab, strip } from "../../testing/snapshot-lab.ts";

let lab: SnapshotLab;
let apps = 0;
let app: string;
beforeAll(async () => {
  lab = await snapshotLab();
  await Promise.all([lab.start("controller"), lab.start("sidecar")]);
});
afterAll(() => lab.stop());
beforeEach(() => {
  app = `app${++apps}`;
});
afterEach(async () => {
  await lab.client.delete(groupSnapshots, at(app), { signal });
  await lab.until(groupSnapshots, at(app), (group) => group === undefined);
  expect(await lab.leftovers()).toEqual([]);
});

const { signal } = new AbortController();
const at = (name: string) => ({ namespace: "shop", name });
const isReady = (group: GroupSnapshot | undefined) => group?.status?.readyToUse === true;
const saying = (text: string) => (group: GroupSnapshot | undefined) =>
  group?.status?.error?.message?.includes(text) === true;
const claimNameOf = (snapshot: Snapshot) => snapshot.spec.source.persistentVolumeClaimName;

async function membersOf(group: GroupSnapshot): Promise<readonly Snapshot[]> {
  const { items } = await lab.client.list(snapshots, { namespace: "shop", signal });
  return items.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === group.metadata.uid));
}

function makeGroup(change: Partial<GroupSnapshot["spec"]> & { readonly selector?: LabelSelector } = {}) {
  const { selector = { matchLabels: { app } }, ...spec } = change;
  const group = aGroup(
    { spec: { volumeGroupSnapshotClassName: "groups", source: { selector }, ...spec } },
    { name: app },
  );
  return lab.client.create(groupSnapshots, strip(group), { signal });
}

describe("a selector", () => {
  test.each<[string, readonly string[], LabelSelector["matchExpressions"]]>([
    ["In", ["a"], [{ key: "tier", operator: "In", values: ["hot"] }]],
    ["NotIn", ["b", "c"], [{ key: "tier", operator: "NotIn", values: ["hot"] }]],
    ["Exists", ["a", "b"], [{ key: "tier", operator: "Exists" }]],
    ["DoesNotExist", ["c"], [{ key: "tier", operator: "DoesNotExist" }]],
  ])("with %s takes just the claims that it means", async (_operator, wanted, matchExpressions) => {
    const [a, b] = await lab.makeClaims(
      app,
      ["a", "b", "c"].map((name) => `${app}-${name}`),
    );
    const label = (name = "", tier: string) =>
      lab.client.patch(claims, at(name), { type: "merge", patch: { metadata: { labels: { tier } } } }, { signal });
    await label(a?.metadata.name, "hot");
    await label(b?.metadata.name, "cold");
    const group = await makeGroup({
      selector: { matchLabels: { app }, ...(matchExpressions ? { matchExpressions } : {}) },
    });
    await lab.until(groupSnapshots, at(app), isReady);
    const members = await membersOf(group);
    expect(new Set(members.map(claimNameOf))).toEqual(new Set(wanted.map((name) => `${app}-${name}`)));
  });
});

describe("an obstacle heals by itself:", () => {
  test("a group whose class comes later is cut then", async () => {
    await lab.makeClaims(app, [`${app}-data`]);
    await makeGroup({ volumeGroupSnapshotClassName: "late" });
    await lab.until(groupSnapshots, at(app), saying('"late"'));
    await lab.client.create(groupClasses, strip(aGroupClass({}, { name: "late" })), { signal });
    const group = await lab.until(groupSnapshots, at(app), isReady);
    expect(group?.status).not.toHaveProperty("error");
    await lab.client.delete(groupClasses, { name: "late" }, { signal });
  });

  test("a group without a class gets the default one as soon as there is one", async () => {
    await lab.makeClaims(app, [`${app}-data`]);
    const group = aGroup({ spec: { source: { selector: { matchLabels: { app } } } } }, { name: app });
    await lab.client.create(groupSnapshots, strip(group), { signal });
    await lab.until(groupSnapshots, at(app), saying("cannot find default group snapshot class"));
    const gold = aGroupClass({}, { name: "gold", annotations: { [isDefaultGroupClass]: "true" } });
    await lab.client.create(groupClasses, strip(gold), { signal });
    const ready = await lab.until(groupSnapshots, at(app), isReady);
    expect(ready?.spec.volumeGroupSnapshotClassName).toBe("gold");
    await lab.client.delete(groupClasses, { name: "gold" }, { signal });
  });

  test("a group whose claim is pending is cut once the claim is bound", async () => {
    const [claim] = await lab.makeClaims(app, [`${app}-data`]);
    const pending = { phase: "Pending" } as const;
    const stored = await lab.client.get(claims, at(`${app}-data`), { signal });
    await lab.client.updateStatus(claims, { ...stored, status: pending }, { signal });
    await makeGroup();
    await lab.until(groupSnapshots, at(app), saying(`"${app}-data"`));
    const now = await lab.client.get(claims, at(`${app}-data`), { signal });
    await lab.client.updateStatus(claims, { ...now, status: claim?.status ?? {} }, { signal });
    await lab.until(groupSnapshots, at(app), isReady);
    expect(lab.driver.world.groups.size).toBe(1);
  });

  test("a group that matches nothing is cut once a claim has the label", async () => {
    await lab.makeClaims(`${app}-other`, [`${app}-data`]);
    const group = await makeGroup();
    await lab.until(groupSnapshots, at(app), saying("matches no PersistentVolumeClaim"));
    const patch = { type: "merge", patch: { metadata: { labels: { app } } } } as const;
    await lab.client.patch(claims, at(`${app}-data`), patch, { signal });
    await lab.until(groupSnapshots, at(app), isReady);
    expect(await membersOf(group)).toHaveLength(1);
  });
});

describe("a member", () => {
  test("names its claim although the volume has lost its claimRef", async () => {
    const [claim] = await lab.makeClaims(app, [`${app}-data`]);
    const patch = { type: "merge", patch: { spec: { claimRef: null } } } as const;
    await lab.client.patch(volumes, { name: claim?.spec.volumeName ?? "" }, patch, { signal });
    const group = await makeGroup();
    await lab.until(groupSnapshots, at(app), isReady);
    expect((await membersOf(group)).map(claimNameOf)).toEqual([`${app}-data`]);
  });

  test("that is deleted together with its group right after creation is not stuck", async () => {
    await lab.makeClaims(app, [`${app}-data`]);
    const group = await makeGroup();
    await lab.until(groupSnapshots, at(app), isReady);
    const [member] = await membersOf(group);
    await lab.client.delete(snapshots, at(member?.metadata.name ?? ""), { signal });
    await lab.settled();
    expect(await membersOf(group)).toHaveLength(1);
    await lab.client.delete(groupSnapshots, at(app), { signal });
    await lab.until(groupSnapshots, at(app), (gone) => gone === undefined);
  });

  test("that was taken away by force is made again", async () => {
    await lab.makeClaims(app, [`${app}-data`]);
    const group = await makeGroup();
    await lab.until(groupSnapshots, at(app), isReady);
    const [member] = await membersOf(group);
    const name = member?.metadata.name ?? "";
    await lab.client.delete(snapshots, at(name), { signal });
    await lab.client.patch(
      snapshots,
      at(name),
      { type: "merge", patch: { metadata: { finalizers: null } } },
      { signal },
    );
    const again = await lab.until(
      snapshots,
      at(name),
      (one) => one?.metadata.uid !== member?.metadata.uid && one?.status?.readyToUse === true,
    );
    expect(again?.metadata.ownerReferences?.[0]?.uid).toBe(group.metadata.uid);
  });
});
