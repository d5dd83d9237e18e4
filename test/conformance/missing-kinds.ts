import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../src/api/group-snapshot/types.ts";
import { contents, snapshots } from "../../src/api/snapshot/resources.ts";
import type { Snapshot } from "../../src/api/snapshot/types.ts";
import type { KubeObject, Resource } from "../../src/kube/object.ts";
import { patchStatus } from "../../src/kube/writes.ts";
import { type BareCluster, bareCluster } from "../../src/testing/missing-kinds.ts";

interface Event extends KubeObject {
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly name: string; readonly kind: string };
}
const events: Resource<Event> = { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true };
const inShop = (name: string) => ({ namespace: "shop", name });
const isReady = (request: Snapshot | GroupSnapshot | undefined) => request?.status?.readyToUse === true;
const isGone = (found: KubeObject | undefined) => found === undefined;
const contentsOfGroups = "volumegroupsnapshotcontents.groupsnapshot.storage.k8s.io";
const patience = { timeout: 20_000 };

const unready = async (cluster: BareCluster, process: "controller" | "sidecar") => {
  const { text } = await cluster[process]("/readyz");
  return [...text.matchAll(/^\[-\](\S+) failed: (.*)$/gm)].map(([, name, why]) => `${name}: ${why}`);
};
const said = async ({ client, signal }: BareCluster, reason: string) => {
  const { items } = await client.list(events, { namespace: "default", signal });
  const kinds = items.filter((event) => event.reason === reason).map(({ involvedObject }) => involvedObject.name);
  return [...new Set(kinds)].sort();
};

/** What holds on any API server while definitions come and go, in the order of one cluster's life. */
export function missingKinds(
  server: string,
  start: () => Promise<{ readonly kubeconfigPath: string; stop(): Promise<void> }>,
) {
  describe(`on ${server}`, () => {
    let api: Awaited<ReturnType<typeof start>>;
    let made: BareCluster;
    beforeAll(async () => {
      api = await start();
      made = await bareCluster(api.kubeconfigPath);
    }, 90_000);
    afterAll(async () => {
      await made.stop();
      await api.stop();
    });
    const cluster = () => made;
    definitionsCome(cluster);
    otherVersionsOnly(cluster);
    contentsStay(cluster);
    definitionsGo(cluster);
    identityHolds(cluster);
    metricsRest(cluster);
  });
}

type Given = () => BareCluster;

function definitionsCome(given: Given): void {
  test("without any definition both processes run, and readiness and events name each kind and what to do", async () => {
    await expect.poll(() => unready(given(), "controller"), patience).toHaveLength(6);
    await expect.poll(() => unready(given(), "sidecar"), patience).toHaveLength(4);
    expect(await unready(given(), "controller")).toContainEqual(
      expect.stringMatching(
        /^volumesnapshots\.snapshot\.storage\.k8s\.io: .* is not served by the cluster: install its Custom/,
      ),
    );
    expect((await given().controller("/healthz")).text).toBe("ok");
    await expect.poll(() => said(given(), "KindNotServed"), patience).toHaveLength(6);
  });

  test("while the group kinds alone are missing, single snapshots go on and readiness names the missing", async () => {
    await given().install(/^volumesnapshot[a-z]*\.snapshot\./);
    await given().makeClaim();
    await given().makeClass();
    await given().makeSnapshot("first");
    await given().until(snapshots, inShop("first"), isReady);
    const left = await unready(given(), "controller");
    expect(left.map((line) => line.split(".")[0])).toEqual([
      "volumegroupsnapshots",
      "volumegroupsnapshotcontents",
      "volumegroupsnapshotclasses",
    ]);
  });

  test("a group waits with its reason while the kind of its content is missing, and is cut when it comes", async () => {
    await given().install(/^volumegroupsnapshot(s|classes)\./);
    await given().makeGroupClass();
    await given().makeGroup("waiting");
    const told = await given().until(groupSnapshots, inShop("waiting"), (group) => group?.status?.error !== undefined);
    expect(told?.status?.error?.message).toMatch(
      /volumegroupsnapshotcontents.* is not served by the cluster: install its/i,
    );
    await given().install(/^volumegroupsnapshotcontents\./);
    await given().until(groupSnapshots, inShop("waiting"), isReady);
    await expect.poll(() => given().controller("/readyz"), patience).toEqual({ status: 200, text: "ok" });
    await expect.poll(() => given().sidecar("/readyz"), patience).toEqual({ status: 200, text: "ok" });
    await expect.poll(() => said(given(), "KindServed"), patience).toHaveLength(6);
  });
}

function otherVersionsOnly(given: Given): void {
  test("a kind that is left in other versions only is named with them, nothing made for it goes, and single snapshots go on", async () => {
    await given().serveV1(contentsOfGroups, false);
    await expect
      .poll(() => unready(given(), "controller"), patience)
      .toEqual([
        expect.stringMatching(/is served in v1beta2, v1beta1, v1alpha1 only, and v1 is needed: install a newer/),
      ]);
    await given().makeGroup("later");
    await given().until(groupSnapshots, inShop("later"), (group) => group?.status?.error !== undefined);
    await given().makeSnapshot("second");
    await given().until(snapshots, inShop("second"), isReady);
    await given().client.delete(groupSnapshots, inShop("waiting"), { signal: given().signal });
    await given().until(groupSnapshots, inShop("waiting"), (group) =>
      /is served in/.test(group?.status?.error?.message ?? ""),
    );
    await given().serveV1(contentsOfGroups, true);
    await given().until(groupSnapshots, inShop("later"), isReady);
    await given().until(groupSnapshots, inShop("waiting"), isGone);
  });
}

function contentsStay(given: Given): void {
  test("contents stay while the kind of their requests is not served, whoever might look gone", async () => {
    await given().serveV1("volumegroupsnapshots.groupsnapshot.storage.k8s.io", false);
    await expect.poll(() => unready(given(), "controller"), patience).toHaveLength(1);
    const list = () => given().client.list(groupContents, { signal: given().signal });
    const [before] = (await list()).items;
    const annotations = { "example.com/looked-at": "yes" };
    const patch = { type: "merge", patch: { metadata: { annotations } } } as const;
    await given().client.patch(groupContents, before?.metadata ?? { name: "" }, patch, { signal: given().signal });
    const held = () => given().client.list(events, { namespace: "default", signal: given().signal });
    const isHeld = ({ reason, involvedObject }: Event) =>
      reason === "KindNotServed" && involvedObject.kind === groupContents.kind;
    await expect.poll(async () => (await held()).items.some(isHeld), patience).toBe(true);
    expect((await list()).items.map(({ metadata }) => [metadata.uid, metadata.deletionTimestamp])).toEqual([
      [before?.metadata.uid, undefined],
    ]);
    await given().serveV1("volumegroupsnapshots.groupsnapshot.storage.k8s.io", true);
    await expect.poll(() => unready(given(), "controller"), patience).toEqual([]);
  });
}

function definitionsGo(given: Given): void {
  test("group kinds that are removed and come back are worked on again, without a restart", async () => {
    await given().client.delete(groupSnapshots, inShop("later"), { signal: given().signal });
    await given().until(groupSnapshots, inShop("later"), isGone);
    await given().remove(/^volumegroup/);
    await expect.poll(() => unready(given(), "controller"), patience).toHaveLength(3);
    await given().install(/^volumegroup/);
    await expect.poll(() => unready(given(), "controller"), patience).toEqual([]);
    await given().makeGroupClass();
    await given().makeGroup("again");
    await given().until(groupSnapshots, inShop("again"), isReady);
  });
}

function identityHolds(given: Given): void {
  test("a status is never written to an object that was made later under the same name", async () => {
    const old = await given().makeGroup("twice");
    await given().client.delete(groupSnapshots, inShop("twice"), { signal: given().signal });
    await given().until(groupSnapshots, inShop("twice"), isGone);
    await given().makeGroup("twice");
    const show = (object: GroupSnapshot) => patchStatus(groupSnapshots, object, { readyToUse: false }, given());
    await expect(show(old)).rejects.toMatchObject({ code: "conflict" });
    await expect(show({ ...old, status: { readyToUse: true } })).rejects.toMatchObject({ code: "conflict" });
  });
}

function metricsRest(given: Given): void {
  test("every operation has ended in the metrics when all is deleted, and none is left in flight", async () => {
    const { items: groups } = await given().client.list(groupSnapshots, { signal: given().signal });
    const { items: singles } = await given().client.list(snapshots, { signal: given().signal });
    for (const [resource, items] of [
      [groupSnapshots, groups],
      [snapshots, singles],
    ] as const)
      for (const { metadata } of items)
        await given().client.delete(resource as Resource, metadata, { signal: given().signal });
    const left = async () => {
      const kinds: readonly Resource[] = [groupSnapshots, groupContents, snapshots, contents];
      const lists = await Promise.all(kinds.map((kind) => given().client.list(kind, { signal: given().signal })));
      return lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
    };
    await expect.poll(left, patience).toEqual([]);
    const metrics = async () => (await given().controller("/metrics")).text;
    await expect.poll(metrics, patience).toMatch(/^snapshot_controller_operations_in_flight 0$/m);
    const counted = [
      ...(await metrics()).matchAll(/^snapshot_controller_operation_total_seconds_count\{(.*)\} (\d+)$/gm),
    ];
    const labels = counted.map(([, text]) => text?.replace(/\w+="([^"]*)"/g, "$1"));
    for (const done of ["CreateGroupSnapshot", "CreateGroupSnapshotAndReady", "DeleteGroupSnapshot", "CreateSnapshot"])
      expect(labels).toContain(`scripted.csi.example.com,${done},dynamic,success`);
    expect(labels).toContain("scripted.csi.example.com,CreateGroupSnapshotAndReady,dynamic,unknown");
  });
}
