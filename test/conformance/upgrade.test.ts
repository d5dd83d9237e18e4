import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { crds } from "../../src/api/crds.ts";
import { groupClasses, groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { groupVersions } from "../../src/api/group-snapshot/versions.ts";
import { snapshots } from "../../src/api/snapshot/resources.ts";
import type { KubeObject, Resource } from "../../src/kube/object.ts";
import { exec } from "../../src/lib/exec.ts";
import { type KubeApiserver, kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { type Program, program } from "../../src/testing/program.ts";
import { type ScriptedDriver, scriptedDriver } from "../../src/testing/scripted-driver.ts";
import { binaries } from "./binaries.ts";
import { aShop, type Shop } from "./shop.ts";
import { type StoredGroup, storeGroup } from "./stored-group.ts";
import { upstreamStates } from "./upstream-states.ts";
import { freePort, patience, served, startWebhook } from "./webhook-process.ts";

/** The definitions of the definitions of upstream's releases. @throws Error that says how to name it */
function definitionsOf(release: string): readonly string[] {
  const folder = process.env.UPSTREAM_CRDS;
  if (!folder) throw new Error("name a folder with upstream's definitions, one folder for a release, in UPSTREAM_CRDS");
  const files = readdirSync(join(folder, release)).filter((name) => /^(group)?snapshot\..*\.yaml$/.test(name));
  return files.flatMap((name) => ["-f", join(folder, release, name)]);
}

const call = () => ({ signal: AbortSignal.timeout(20_000) });
const names = crds.map(({ metadata }) => metadata.name);

describe.each(upstreamStates)("what upstream $release stored", (state) => {
  const { release, stored } = state;
  const inVersion = (resource: Resource, version: string = stored): Resource => ({ ...resource, version });
  let groupsnap: Program;
  let api: KubeApiserver;
  let driver: ScriptedDriver;
  let shop: Shop;
  let kept: StoredGroup;
  let gone: StoredGroup;
  let before: readonly KubeObject[];

  const kubectl = (...args: readonly string[]) =>
    exec([join(binaries(), "kubectl"), "--kubeconfig", api.kubeconfigPath, ...args], {
      timeoutMs: 30_000,
      signal: AbortSignal.timeout(30_000),
    });

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
    objects.map(({ metadata: { name, uid, finalizers, annotations }, ...rest }) => ({
      ...rest,
      metadata: { name, uid, finalizers, annotations },
    }));
  const membersOf = async (group: string) => {
    const { items } = await shop.client.list(snapshots, { namespace: shop.namespace, ...call() });
    return items
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === group))
      .map(({ metadata }) => metadata.name)
      .toSorted((a, b) => a.localeCompare(b));
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
    await startWebhook(groupsnap, { kubeconfig: api.kubeconfigPath, port: await freePort() });
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
    expect(told(await shown(stored))).toEqual(told(before));
  });

  test("stays ready beside a new group, with the members that it had, and is deleted whole", async () => {
    const kubeconfig = ["--kubeconfig", api.kubeconfigPath];
    await groupsnap.start(["snapshot-controller", ...kubeconfig]);
    await groupsnap.start(["csi-snapshotter", ...kubeconfig, "--csi-address", driver.address]);
    await shop.claim("new-data", "new");
    const source = { selector: { matchLabels: { app: "new" } } };
    await shop.group("new", { volumeGroupSnapshotClassName: "delete", source });
    await shop.until(groupSnapshots, "new", ({ status }) => status?.readyToUse === true);
    for (const { name, members } of [kept, gone]) {
      const group = await shop.client.get(groupSnapshots, { namespace: shop.namespace, name }, call());
      expect({ name, ...group.status }).toMatchObject({ name, readyToUse: true });
      expect({ name, ...group.status }).not.toHaveProperty("error");
      expect(await membersOf(name)).toEqual(
        members.map(({ snapshot }) => snapshot).toSorted((a, b) => a.localeCompare(b)),
      );
    }
    expect(await shop.leftOnStorage()).toHaveLength(5);
    for (const name of [gone.name, "new"]) {
      await shop.remove(groupSnapshots, name);
      await shop.until(groupSnapshots, name);
      expect(await membersOf(name)).toEqual([]);
    }
    expect(await shop.leftOnStorage()).toHaveLength(2);
  });
});
