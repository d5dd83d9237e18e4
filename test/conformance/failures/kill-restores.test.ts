import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { snapshots } from "../../../src/api/snapshot/resources.ts";
import { claims } from "../../../src/kube/core/claim.ts";
import { volumes } from "../../../src/kube/core/volume.ts";
import { Failure } from "../../../src/lib/failure.ts";
import { type CsiRelay, csiRelay } from "../../../src/testing/csi-relay.ts";
import {
  type KubeControllerManager,
  kubeControllerManager,
  volumeControllers,
} from "../../../src/testing/kube-controller-manager.ts";
import type { Mortal } from "../../../src/testing/mortal.ts";
import { aClaim } from "../../../src/testing/objects/storage.ts";
import { type Program, program } from "../../../src/testing/program.ts";
import { scriptedDriver } from "../../../src/testing/scripted-driver.ts";
import { binaries } from "../binaries.ts";
import {
  apiLab,
  askForGroup,
  dyingAtEachChange,
  type FailureLab,
  members,
  settling,
  untilGone,
  untilWhole,
} from "./lab.ts";
import { makeClass } from "./single-life.ts";

// All members of a group are restored at once, by a provisioner that dies again and again.

let folder: Program;
let relay: CsiRelay;
let lab: FailureLab;
let manager: KubeControllerManager;
let provisioner: Mortal;
beforeAll(async () => {
  folder = program();
  const driver = await scriptedDriver();
  relay = await csiRelay({ address: join(folder.folder, "relay.sock"), driver: driver.address });
  lab = { ...(await apiLab(join(folder.folder, "relay.sock"))), driver };
  manager = kubeControllerManager(binaries(), lab.api.kubeconfigPath, volumeControllers);
  await makeClass(lab);
  await Promise.all([lab.start("controller"), lab.start("sidecar")]);
  provisioner = await lab.start("provisioner");
}, 120_000);
afterEach(() => {
  lab.proxies.provisioner.fault = undefined;
  relay.fault = undefined;
});
afterAll(async () => {
  await manager.stop();
  await lab.stop();
  await relay.close();
  await lab.driver.stop();
  await folder.clean();
});

const call = () => ({ signal: AbortSignal.timeout(10_000) });
const restoredFrom = (member: string) => `from-${member}`;

/** Makes a claim from each member of the group, and waits until all are bound. Gives their names. */
async function restoreAll(): Promise<readonly string[]> {
  const { client, namespace } = lab.shop;
  const { items } = await client.list(snapshots, { namespace, ...call() });
  for (const { metadata } of items) {
    const dataSource = { apiGroup: snapshots.group, kind: snapshots.kind, name: metadata.name };
    const spec = { ...aClaim("restored").spec, dataSource };
    const named = { namespace, name: restoredFrom(metadata.name) };
    await client.create(claims, { apiVersion: "v1", kind: claims.kind, metadata: named, spec }, call());
  }
  const names = items.map(({ metadata }) => restoredFrom(metadata.name));
  await expect.poll(() => flawsOf(names), settling).toEqual([]);
  return names;
}

const onStorage = () => [...lab.driver.world.volumes.values()].filter(({ source }) => source?.case === "snapshot");

/** What is lost, made twice or left over of the claims' volumes. */
async function flawsOf(names: readonly string[]): Promise<readonly string[]> {
  const { client, namespace } = lab.shop;
  const found = await Promise.all(names.map((name) => client.get(claims, { namespace, name }, call())));
  const { items } = await client.list(volumes, call());
  const uids = new Map(found.map(({ spec, metadata }) => [spec.volumeName, metadata.uid]));
  const made = onStorage();
  return [
    ...found.filter(({ status }) => status?.phase !== "Bound").map(({ metadata }) => `${metadata.name} is not bound`),
    ...found.flatMap(({ metadata }) => metadata.finalizers ?? []).filter((one) => one.startsWith("groupsnap.dev/")),
    ...(made.length === names.length ? [] : [`${made.length} volumes on the storage for ${names.length} claims`]),
    ...made.filter(({ name }) => !uids.has(name)).map(({ name }) => `volume ${name} is nobody's`),
    ...made
      .filter(({ name }) => {
        const volume = items.find(({ metadata }) => metadata.name === name);
        return volume?.spec.claimRef?.uid !== uids.get(name);
      })
      .map(({ name }) => `volume ${name} without its object`),
  ];
}

/** Deletes the claims, and waits until nothing is left of them. */
async function removeAll(names: readonly string[]): Promise<void> {
  const { client, namespace } = lab.shop;
  for (const name of names) await lab.shop.remove(claims, name);
  const traces = async () => {
    const [left, objects] = await Promise.all([
      client.list(claims, { namespace, ...call() }),
      client.list(volumes, call()),
    ]);
    return [
      ...left.items.filter(({ metadata }) => names.includes(metadata.name)).map(({ metadata }) => metadata.name),
      ...objects.items
        .filter(({ spec }) => names.includes(spec.claimRef?.name ?? ""))
        .map(({ metadata }) => metadata.name),
      ...onStorage().map(({ id }) => id),
    ];
  };
  await expect.poll(traces, settling).toEqual([]);
}

/** Lets the provisioner die in calls of the driver: before the driver hears of it, and when it has done it, in turns. */
function dyingInCalls(deaths: number, ...methods: readonly string[]): void {
  const left = new Map(methods.map((method) => [method, deaths]));
  relay.fault = async (method, pass) => {
    const lives = left.get(method) ?? 0;
    if (lives === 0) return pass();
    left.set(method, lives - 1);
    const { life } = provisioner;
    if (lives % 2 === 1) await pass();
    await provisioner.die(life);
    throw new Failure("unavailable", `the provisioner died in ${method}`);
  };
}

async function wholeRestore(group: string): Promise<void> {
  await askForGroup(lab.shop, group);
  await untilWhole(lab.shop, group);
  await removeAll(await restoreAll());
  await provisioner.ready();
  await untilGone(lab.shop, group);
}

test("kill -9 of the provisioner around each of its changes, while all members are restored, loses and leaves nothing", {
  timeout: 240_000,
}, async () => {
  const { life } = provisioner;
  dyingAtEachChange(lab, "provisioner", provisioner);
  await wholeRestore("changes");
  // Protecting two claims, making two volumes, letting the claims go and the volumes: each change is met at least once.
  expect(provisioner.life - life).toBeGreaterThanOrEqual(8);
});

test("kill -9 of the provisioner before and after its calls, while all members are restored, makes no volume twice", {
  timeout: 240_000,
}, async () => {
  const { life } = provisioner;
  const deaths = 4;
  dyingInCalls(deaths, "createVolume", "deleteVolume");
  await wholeRestore("calls");
  expect(provisioner.life - life).toBeGreaterThanOrEqual(deaths); // calls that are under way side by side die together
  expect(onStorage()).toEqual([]);
});

test("what restores of members have lost, doubled or left over would be seen", { timeout: 120_000 }, async () => {
  await askForGroup(lab.shop, "control");
  await untilWhole(lab.shop, "control");
  const names = await restoreAll();
  expect(names).toHaveLength(members.length);
  const { world } = lab.driver;
  const [made] = onStorage();
  expect(made).toBeDefined();
  world.volumes.set("stray", { ...made, id: "stray", name: "stray" } as never);
  expect(await flawsOf(names)).toEqual(["3 volumes on the storage for 2 claims", "volume stray is nobody's"]);
  world.volumes.delete("stray");
  world.volumes.delete(made?.id ?? "");
  expect(await flawsOf(names)).toEqual(["1 volumes on the storage for 2 claims"]);
  await removeAll(names);
  await untilGone(lab.shop, "control");
});
