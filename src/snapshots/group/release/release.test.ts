import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { groupContentFinalizer } from "../../../api/finalizers.ts";
import { groupClasses, groupContents, groupSnapshots } from "../../../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../../api/group-snapshot/types.ts";
import { contents, snapshots } from "../../../api/snapshot/resources.ts";
import { claims } from "../../../kube/core/claim.ts";
import { namespaces } from "../../../kube/core/namespace.ts";
import { aGroupClass } from "../../../testing/group-builders.ts";
import { aClaim } from "../../../testing/objects/storage.ts";
import type { LabProcess } from "../../../testing/snapshot-lab/processes.ts";
import { type SnapshotLab, snapshotLab, strip } from "../../../testing/snapshot-lab.ts";

let lab: SnapshotLab;
let controller: LabProcess;
let sidecar: LabProcess;
let apps = 0;
let app: string;
beforeAll(async () => {
  lab = await snapshotLab();
  controller = await lab.start("controller");
  sidecar = await lab.start("sidecar");
  await lab.client.create(groupClasses, strip(aGroupClass({ deletionPolicy: "Retain" }, { name: "retained" })), {
    signal,
  });
});
afterAll(() => lab.stop());
beforeEach(async () => {
  app = `app${++apps}`;
  await lab.makeClaims(app, [`${app}-data`, `${app}-wal`]);
});

const { signal } = new AbortController();
const at = (name: string) => ({ namespace: "shop", name });
const isReady = (group: GroupSnapshot | undefined) => group?.status?.readyToUse === true;
const isGone = (object: unknown) => object === undefined;
const onStorage = () => `${lab.driver.world.groups.size} groups, ${lab.driver.world.snapshots.size} snapshots`;

async function readyGroup(className?: string) {
  const group = await lab.makeGroup(app, app, className);
  await lab.until(groupSnapshots, at(app), isReady);
  const { items } = await lab.client.list(snapshots, { namespace: "shop", signal });
  const members = items.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ uid }) => uid === group.metadata.uid),
  );
  return { group, members };
}

describe("the deletion of a group", () => {
  test("with Retain keeps every content and the storage, and each may then be deleted by hand", async () => {
    const { group } = await readyGroup("retained");
    await lab.client.delete(groupSnapshots, at(app), { signal });
    await lab.until(groupSnapshots, at(app), isGone);
    await lab.settled();
    const left = await lab.leftovers();
    expect(left.map((name) => name.split(" ")[0])).toEqual([
      "VolumeGroupSnapshotContent",
      "VolumeSnapshotContent",
      "VolumeSnapshotContent",
    ]);
    expect(onStorage()).toBe("1 groups, 2 snapshots");
    const contentAt = { name: `groupsnapcontent-${group.metadata.uid}` };
    await lab.client.delete(groupContents, contentAt, { signal });
    await lab.until(groupContents, contentAt, isGone);
    for (const name of left.slice(1).map((text) => text.split(" ")[1] ?? "")) {
      await lab.client.delete(contents, { name }, { signal });
      await lab.until(contents, { name }, isGone);
    }
    expect(onStorage()).toBe("1 groups, 2 snapshots");
    lab.driver.world.groups.clear();
    lab.driver.world.snapshots.clear();
  });

  test.each(["dataSource", "dataSourceRef"] as const)(
    "waits for a restore by %s, and goes when it is bound",
    async (field) => {
      const { members } = await readyGroup();
      const namespace = field === "dataSourceRef" ? "elsewhere" : "shop";
      if (field === "dataSourceRef")
        await lab.client.create(
          namespaces,
          { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
          { signal },
        );
      const source = {
        apiGroup: "snapshot.storage.k8s.io",
        kind: "VolumeSnapshot",
        name: members[0]?.metadata.name ?? "",
      };
      const crossing = field === "dataSourceRef" ? { namespace: "shop" } : {};
      const claim = aClaim(`${app}-restored`, { [field]: { ...source, ...crossing } }, { namespace });
      const stored = await lab.client.create(claims, strip(claim), { signal });
      await lab.client.delete(groupSnapshots, at(app), { signal });
      const waiting = await lab.until(groupSnapshots, at(app), (group) => group?.status?.error !== undefined);
      expect(waiting?.status?.error?.message).toContain(`${namespace}/${app}-restored`);
      expect(lab.driver.world.groups.size).toBe(1);
      const filled = await lab.client.update(
        claims,
        { ...stored, spec: { ...stored.spec, volumeName: "made" } },
        { signal },
      );
      await lab.client.updateStatus(claims, { ...filled, status: { phase: "Bound" } }, { signal });
      await lab.until(groupSnapshots, at(app), isGone);
      expect(await lab.leftovers()).toEqual([]);
      expect(onStorage()).toBe("0 groups, 0 snapshots");
    },
  );

  test("waits for a sidecar that is away, and for one that cannot delete yet, with the reason on the group", async () => {
    const { group } = await readyGroup();
    await sidecar.stop();
    await lab.client.delete(groupSnapshots, at(app), { signal });
    const contentAt = { name: `groupsnapcontent-${group.metadata.uid}` };
    await lab.until(groupContents, contentAt, (content) => content?.metadata.deletionTimestamp !== undefined);
    lab.driver.fail("DeleteVolumeGroupSnapshot", "precondition", { times: 1, message: "a clone is under way" });
    sidecar = await lab.start("sidecar");
    await lab.until(
      groupSnapshots,
      at(app),
      (one) => one?.status?.error?.message?.includes("a clone is under way") === true,
    );
    await lab.until(groupSnapshots, at(app), isGone);
    expect(onStorage()).toBe("0 groups, 0 snapshots");
  });

  test("by force still leaves nothing: content, members and storage follow", async () => {
    const { group, members } = await readyGroup();
    await controller.stop();
    await lab.client.delete(groupSnapshots, at(app), { signal });
    const force = { type: "merge", patch: { metadata: { finalizers: null } } } as const;
    await lab.client.patch(groupSnapshots, at(app), force, { signal });
    controller = await lab.start("controller");
    await lab.until(groupContents, { name: `groupsnapcontent-${group.metadata.uid}` }, isGone);
    for (const { metadata } of members) await lab.until(snapshots, at(metadata.name), isGone);
    await lab.settled();
    expect(await lab.leftovers()).toEqual([]);
    expect(onStorage()).toBe("0 groups, 0 snapshots");
  });

  test("of its content alone does nothing while the group lives", async () => {
    const { group } = await readyGroup();
    const contentAt = { name: `groupsnapcontent-${group.metadata.uid}` };
    await lab.client.delete(groupContents, contentAt, { signal });
    await lab.settled();
    const content = await lab.client.get(groupContents, contentAt, { signal });
    expect(content.metadata.finalizers).toEqual([groupContentFinalizer]);
    expect(lab.driver.world.groups.size).toBe(1);
    await lab.client.delete(groupSnapshots, at(app), { signal });
    await lab.until(groupSnapshots, at(app), isGone);
    expect(onStorage()).toBe("0 groups, 0 snapshots");
  });
});
