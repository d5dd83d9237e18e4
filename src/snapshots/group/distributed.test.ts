import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { groupContents, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import { managedBy } from "../../api/labels.ts";
import { contents, snapshots } from "../../api/snapshot/resources.ts";
import { nodes } from "../../kube/core/node.ts";
import { aNode, onNodes } from "../../testing/objects/node.ts";
import type { LabProcess } from "../../testing/snapshot-lab/processes.ts";
import { type SnapshotLab, snapshotLab, strip } from "../../testing/snapshot-lab.ts";

let lab: SnapshotLab;
const sidecars = new Map<string, LabProcess>();
beforeAll(async () => {
  lab = await snapshotLab();
  for (const name of ["n1", "n2"]) await lab.client.create(nodes, strip(aNode(name)), { signal });
  await lab.start("controller", { snapshots: { distributedSnapshotting: true } });
  for (const nodeName of ["n1", "n2"]) sidecars.set(nodeName, await lab.start("sidecar", { nodeName }));
});
afterAll(() => lab.stop());

const { signal } = new AbortController();
const at = (name: string) => ({ namespace: "shop", name });
const isReady = (object: { readonly status?: { readonly readyToUse?: boolean } } | undefined) =>
  object?.status?.readyToUse === true;
const labelsOf = ({ metadata }: { readonly metadata: { readonly labels?: Readonly<Record<string, string>> } }) =>
  metadata.labels?.[managedBy];
const remove = async (name: string) => {
  await lab.client.delete(groupSnapshots, at(name), { signal });
  await lab.until(groupSnapshots, at(name), (gone) => gone === undefined);
};

describe("where every node has its sidecar", () => {
  test("a group of volumes of one node is labelled with it, its members too, and that node's sidecar cuts and deletes it", async () => {
    await lab.makeClaims("here", ["here-data", "here-wal"], onNodes("n2"));
    await sidecars.get("n2")?.stop();
    const { metadata } = await lab.makeGroup("here");
    await lab.until(
      groupContents,
      { name: `groupsnapcontent-${metadata.uid}` },
      (content) => content !== undefined && labelsOf(content) === "n2",
    );
    await lab.settled();
    expect(lab.driver.count("CreateVolumeGroupSnapshot")).toBe(0); // the sidecar of the other node leaves it alone
    sidecars.set("n2", await lab.start("sidecar", { nodeName: "n2" }));
    await lab.until(groupSnapshots, at("here"), isReady);
    const members = await lab.client.list(contents, { signal });
    expect(members.items.map(labelsOf)).toEqual(["n2", "n2"]);
    await remove("here");
    expect(await lab.leftovers()).toEqual([]);
    expect(lab.driver.world.groups.size).toBe(0);
  });

  test("a group of volumes of two nodes says from where each is reached, and is cut once a node reaches all", async () => {
    await lab.makeClaims("apart", ["apart-data"], onNodes("n1", "n3"));
    await lab.makeClaims("apart", ["apart-wal"], onNodes("n2", "n3"));
    await lab.makeGroup("apart");
    const told = await lab.until(groupSnapshots, at("apart"), (group) => group?.status?.error !== undefined);
    expect(told?.status?.error?.message).toContain("o node reaches all volumes");
    expect(told?.status?.error?.message).toMatch(/from n1.*from n2/);
    await lab.start("sidecar", { nodeName: "n3" });
    await lab.client.create(nodes, strip(aNode("n3")), { signal });
    await lab.until(groupSnapshots, at("apart"), isReady);
    await remove("apart");
  });

  test("a single snapshot is labelled with its volume's node, and one of a node that is gone says so", async () => {
    await lab.makeClaims("one", ["one-data"], onNodes("n1"));
    await lab.makeClaims("lost", ["lost-data"], onNodes("n9"));
    for (const name of ["one", "lost"]) await lab.makeSnapshot(name, `${name}-data`);
    const ready = await lab.until(snapshots, at("one"), isReady);
    const content = await lab.client.get(contents, { name: `snapcontent-${ready?.metadata.uid}` }, { signal });
    expect(labelsOf(content)).toBe("n1");
    const lost = await lab.until(snapshots, at("lost"), (snapshot) => snapshot?.status?.error !== undefined);
    expect(lost?.status?.error?.message).toContain("from no node");
  });
});
