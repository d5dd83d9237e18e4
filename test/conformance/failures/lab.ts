import { join } from "node:path";
import { expect } from "vitest";
import { groupSnapshotCrds } from "../../../src/api/group-snapshot/crds.ts";
import { groupSnapshots } from "../../../src/api/group-snapshot/resources.ts";
import { definitions } from "../../../src/kube/core/definition.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { connect } from "../../../src/processes/connect.ts";
import { installCrds } from "../../../src/processes/install.ts";
import { type FaultProxy, faultProxy, isChange } from "../../../src/testing/fault-proxy.ts";
import { type KubeApiserver, kubeApiserver } from "../../../src/testing/kube-apiserver.ts";
import { type Mortal, mortal } from "../../../src/testing/mortal.ts";
import { type Program, program } from "../../../src/testing/program.ts";
import { type ScriptedDriver, scriptedDriver } from "../../../src/testing/scripted-driver.ts";
import { binaries } from "../binaries.ts";
import { aShop, type Shop } from "../shop.ts";
import { served } from "../webhook-process.ts";
import { flawsOf, tracesIn } from "./flaws.ts";

export type Role = "controller" | "sidecar" | "provisioner";

/** A real API with the claims "data" and "wal" of a driver; the built processes, each behind a proxy of its own. */
export interface ApiLab {
  readonly api: KubeApiserver;
  readonly groupsnap: Program;
  readonly shop: Shop;
  readonly proxies: Readonly<Record<Role, FaultProxy>>;
  /** Starts one of the processes, at most once in a lab. */
  start(role: Role, flags?: readonly string[]): Promise<Mortal>;
  stop(): Promise<void>;
}

/** The same with a driver that a test scripts. */
export interface FailureLab extends ApiLab {
  readonly driver: ScriptedDriver;
}

/** Claims of a lab, and so members of its groups. */
export const members = ["data", "wal"];
/** Long enough for a process that starts on a machine with more to do. */
const readyMs = 60_000;

/** @param nodeFlags for the node that runs the processes */
export async function failureLab(nodeFlags: readonly string[] = []): Promise<FailureLab> {
  const driver = await scriptedDriver();
  const lab = await apiLab(driver.address, nodeFlags);
  const stop = async () => {
    await lab.stop();
    await driver.stop();
  };
  return { ...lab, driver, stop };
}

export async function apiLab(csiAddress: string, nodeFlags: readonly string[] = []): Promise<ApiLab> {
  const groupsnap = program(nodeFlags);
  const api = await kubeApiserver(binaries());
  const proxyOf = (role: Role) => faultProxy(api, join(groupsnap.folder, `${role}.kubeconfig`));
  const [controller, sidecar, provisioner] = await Promise.all([
    proxyOf("controller"),
    proxyOf("sidecar"),
    proxyOf("provisioner"),
  ]);
  await install(api);
  const shop = await aShop({ kubeconfig: api.kubeconfigPath, csiAddress, namespace: "shop" });
  for (const name of members) await shop.claim(name, "db");
  const argsOf: Readonly<Record<Role, readonly string[]>> = {
    controller: ["snapshot-controller", `--kubeconfig=${controller.kubeconfigPath}`],
    sidecar: ["csi-snapshotter", `--kubeconfig=${sidecar.kubeconfigPath}`, `--csi-address=${csiAddress}`],
    provisioner: ["provisioner", `--kubeconfig=${provisioner.kubeconfigPath}`, `--csi-address=${csiAddress}`],
  };
  return {
    api,
    groupsnap,
    shop,
    proxies: { controller, sidecar, provisioner },
    async start(role, flags = []) {
      const started = mortal(() => groupsnap.start([...argsOf[role], ...flags], AbortSignal.timeout(readyMs)));
      await started.ready();
      return started;
    },
    async stop() {
      await groupsnap.clean();
      shop.close();
      await Promise.all([controller, sidecar, provisioner].map((proxy) => proxy.close()));
      await api.stop();
    },
  };
}

async function install({ kubeconfigPath }: KubeApiserver): Promise<void> {
  const client = await connect({ kubeconfig: kubeconfigPath, userAgent: "lab" });
  await installCrds(client, systemClock, AbortSignal.timeout(60_000));
  client.close();
}

export const askForGroup = (shop: Shop, name: string) =>
  served(() =>
    shop.group(name, { volumeGroupSnapshotClassName: "delete", source: { selector: { matchLabels: { app: "db" } } } }),
  );

/** All of it takes a second; backoffs, after the worst moments to fail, some more. */
export const settling = { timeout: 90_000, interval: 100 };

/** Waits until the group is ready, its members whole, and nothing is there beside it. */
export async function untilWhole(shop: Shop, group: string, claims = members): Promise<void> {
  await expect.poll(() => flawsOf(shop, group, claims), settling).toEqual([]);
}

/** Deletes the group, and waits until nothing is left of it, in the API and on the storage. */
export async function untilGone(shop: Shop, group: string): Promise<void> {
  await expect.poll(() => shop.remove(groupSnapshots, group).then(() => "asked for"), settling).toBe("asked for");
  await expect.poll(() => tracesIn(shop), settling).toEqual([]);
}

/** Waits until the definitions of the group kinds name a webhook. */
export async function untilConverted({ shop }: ApiLab): Promise<void> {
  const strategies = async () => {
    const call = { signal: AbortSignal.timeout(10_000) };
    const found = await Promise.all(
      groupSnapshotCrds.map(({ metadata }) => shop.client.get(definitions, metadata, call)),
    );
    return found.map((one) => (one as { spec?: { conversion?: { strategy?: string } } }).spec?.conversion?.strategy);
  };
  await expect.poll(strategies, settling).toEqual(groupSnapshotCrds.map(() => "Webhook"));
}

/** What the server has changed for the processes since the lab began. */
export const changesIn = ({ proxies }: ApiLab) =>
  Object.values(proxies)
    .flatMap(({ seen }) => seen)
    .filter((request) => isChange(request) && request.code !== undefined && request.code < 300).length;

/** Changes that both processes have for a group of N members: to be ready (4N+8), to hold its claims (2N), to be gone (4N+5). */
export const budgetOf = (members: number) => 4 * members + 8 + 2 * members + (4 * members + 5);

export const createCut = "CreateVolumeGroupSnapshot";
export const deleteCut = "DeleteVolumeGroupSnapshot";

/** Lets a process die around each of its changes in turn: once before the server hears of it, once when it has done it. */
export function dyingAtEachChange({ proxies }: ApiLab, role: Role, process: Mortal): void {
  let deaths = 0;
  proxies[role].fault = async (request, pass) => {
    if (!isChange(request)) return pass();
    const { life } = process;
    if (deaths++ % 2 === 1) await pass();
    await process.die(life);
    return "cut";
  };
}

/** What some work cost: changes of the API by both processes, creates and deletes of the driver. */
export async function costOf(lab: FailureLab, work: () => Promise<void>) {
  const costs = () => [changesIn(lab), lab.driver.count(createCut), lab.driver.count(deleteCut)] as const;
  const before = costs();
  await work();
  const [changes, creates, deletes] = costs();
  return { changes: changes - before[0], creates: creates - before[1], deletes: deletes - before[2] };
}

/** From the creation of a group of the lab's claims to nothing left of it. */
export async function wholeLife({ shop }: ApiLab, name: string): Promise<void> {
  await askForGroup(shop, name);
  await untilWhole(shop, name);
  await untilGone(shop, name);
}
