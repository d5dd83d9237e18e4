import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { crds } from "../../src/api/crds.ts";
import { groupSnapshotCrds } from "../../src/api/group-snapshot/crds.ts";
import { groupClasses, groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { groupVersions, storedGroupVersion } from "../../src/api/group-snapshot/versions.ts";
import { snapshots } from "../../src/api/snapshot/resources.ts";
import { definitions } from "../../src/kube/core/definition.ts";
import type { KubeObject, Resource } from "../../src/kube/object.ts";
import type { Daemon } from "../../src/lib/daemon.ts";
import { exec } from "../../src/lib/exec.ts";
import { programPath } from "../../src/processes/program.ts";
import { type KubeApiserver, kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { type Program, program } from "../../src/testing/program.ts";
import { type ScriptedDriver, scriptedDriver } from "../../src/testing/scripted-driver.ts";
import { binaries } from "./binaries.ts";
import { aShop, type Shop } from "./shop.ts";
import { type StoredGroup, storeGroup } from "./stored-group.ts";
import { definitionsOf } from "./upstream.ts";
import { upstreamStates } from "./upstream-states.ts";
import { freePort, patience, served, startWebhook } from "./webhook-process.ts";

const call = () => ({ signal: AbortSignal.timeout(20_000) });
const limits = () => ({ timeoutMs: 30_000, signal: AbortSignal.timeout(30_000) });
const names = crds.map(({ metadata }) => metadata.name);
const groupNames = groupSnapshotCrds.map(({ metadata }) => metadata.name);
const namesOf = ({ members }: StoredGroup) => sorted(members.map(({ snapshot }) => snapshot));
const sorted = (texts: readonly string[]) => texts.toSorted((a, b) => a.localeCompare(b));

describe.each(upstreamStates)("what upstream $release stored", (state) => {
  const { release, stored } = state;
  const inVersion = (resource: Resource, version: string = stored): Resource => ({ ...resource, version });
  let groupsnap: Program;
  let api: KubeApiserver;
  let driver: ScriptedDriver;
  let webhook: Daemon;
  let processes: readonly Daemon[];
  let shop: Shop;
  let kept: StoredGroup;
  let gone: StoredGroup;
  let before: readonly KubeObject[];

  const kubectl = (...args: readonly string[]) =>
    exec([join(binaries(), "kubectl"), "--kubeconfig", api.kubeconfigPath, ...args], limits());

  const migrateTo = (version: string) => {
    const to = ["--to", version, "--kubeconfig", api.kubeconfigPath];
    return exec([process.execPath, programPath(), "migrate-storage", ...to], limits());
  };

  /** The group kinds' objects as one version shows them. */
  const shown = (version: string) => {
    const reads: readonly (readonly [Resource, { namespace?: string; name: string }])[] = [
      [groupSnapshots, { namespace: shop.namespace, name: kept.name }],
      [groupContents, { name: kept.content }],
      [groupClasses, { name: "delete" }],
    ];
    return served(() =>
      Promise.all(reads.map(([resource, at]) => shop.client.get(inVersion(resource, version), at, call()))),
    );
  };
  /** Without what every write of a definition or of an object may change. */
  const told = (objects: readonly KubeObject[]) =>
    objects.map(({ metadata: { name, uid, finalizers }, ...rest }) => ({
      ...rest,
      metadata: { name, uid, finalizers },
    }));
  const membersOf = async (group: string) => {
    const { items } = await shop.client.list(snapshots, { namespace: shop.namespace, ...call() });
    const members = items.filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === group));
    return sorted(members.map(({ metadata }) => metadata.name));
  };

  beforeAll(async () => {
    groupsnap = program();
    driver = await scriptedDriver();
    api = await kubeApiserver(binaries());
    await kubectl("create", ...definitionsOf(release));
    await kubectl("wait", "--for=condition=Established", "crd", ...names);
    const place = { kubeconfig: api.kubeconfigPath, csiAddress: driver.address };
    shop = await vi.waitFor(() => aShop({ ...place, namespace: "shop", version: stored }), patience);
    kept = await storeGroup(shop, state, "kept");
    gone = await storeGroup(shop, state, "gone");
    before = await shown(stored);
    await kubectl("apply", "--server-side", "--force-conflicts", "-f", "deploy/crds");
    webhook = await startWebhook(groupsnap, { kubeconfig: api.kubeconfigPath, port: await freePort() });
    await vi.waitFor(async () => {
      const [, content] = await shown("v1alpha1");
      expect(content).toHaveProperty("status.creationTime", expect.anything());
    }, patience);
  }, 120_000);
  afterAll(async () => {
    shop.close();
    await groupsnap.clean();
    await driver.stop();
    await api.stop();
  });

  test("is read in every version, and in its own exactly as it was stored", async () => {
    for (const version of groupVersions) {
      const objects = await shown(version);
      expect(objects.map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid));
    }
    const after = await shown(stored);
    expect(told(after)).toEqual(told(before));
    expect(after.map(({ metadata }) => metadata.annotations)).toEqual(
      before.map(({ metadata }) => metadata.annotations),
    );
  });

  test("stays ready beside a new group, with the members that it had, and is deleted whole", async () => {
    const kubeconfig = ["--kubeconfig", api.kubeconfigPath];
    processes = [
      await groupsnap.start(["snapshot-controller", ...kubeconfig]),
      await groupsnap.start(["csi-snapshotter", ...kubeconfig, "--csi-address", driver.address]),
    ];
    await shop.claim("new-data", "new");
    const source = { selector: { matchLabels: { app: "new" } } };
    await shop.group("new", { volumeGroupSnapshotClassName: "delete", source });
    await shop.until(groupSnapshots, "new", ({ status }) => status?.readyToUse === true);
    for (const one of [kept, gone]) {
      const { name } = one;
      const group = await shop.client.get(groupSnapshots, { namespace: shop.namespace, name }, call());
      expect({ name, error: undefined, ...group.status }).toMatchObject({ name, readyToUse: true, error: undefined });
      expect(await membersOf(name)).toEqual(namesOf(one));
    }
    expect(await shop.leftOnStorage()).toHaveLength(5);
    for (const name of [gone.name, "new"]) {
      await shop.remove(groupSnapshots, name);
      await shop.until(groupSnapshots, name);
      expect(await membersOf(name)).toEqual([]);
    }
    expect(await shop.leftOnStorage()).toHaveLength(2);
  });

  test("is as it was for that release, once its definitions are back", async () => {
    const early = await kubectl("replace", "--dry-run=server", ...definitionsOf(release)).catch(String);
    expect(/status.storedVersions/.test(String(early))).toBe(stored !== storedGroupVersion);
    await Promise.all(processes.map((process) => process.end("SIGTERM")));
    await migrateTo(stored);
    await webhook.end("SIGTERM");
    const none = '{"spec":{"conversion":{"strategy":"None","webhook":null}}}';
    for (const name of groupNames) await kubectl("patch", "crd", name, "--type", "merge", "-p", none);
    const another = stored === "v1beta1" ? "v1alpha1" : "v1beta1";
    await expect(migrateTo(another)).rejects.toThrow(/would lose its members .*; start groupsnap webhook first/);
    await kubectl("replace", ...definitionsOf(release));
    await vi.waitFor(async () => expect(told(await shown(stored))).toMatchObject(told(before)), patience);
    expect(await membersOf(kept.name)).toEqual(namesOf(kept));
    const found = await Promise.all(groupNames.map((name) => shop.client.get(definitions, { name }, call())));
    expect(found.map(({ status }) => status?.storedVersions)).toEqual(groupNames.map(() => [stored]));
  });
});
