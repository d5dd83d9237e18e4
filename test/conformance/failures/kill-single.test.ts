import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  type KubeControllerManager,
  kubeControllerManager,
  volumeControllers,
} from "../../../src/testing/kube-controller-manager.ts";
import type { Mortal } from "../../../src/testing/mortal.ts";
import { binaries } from "../binaries.ts";
import { changesIn, dyingAtEachChange, type FailureLab, failureLab, type Role } from "./lab.ts";
import {
  flawsOfRestored,
  flawsOfSingle,
  makeClass,
  remove,
  restore,
  take,
  tracesOfRestored,
  wholeSingleLife,
} from "./single-life.ts";

// One snapshot and a claim that is made from it: bound by Kubernetes' own controllers, all else by our processes.

let lab: FailureLab;
let manager: KubeControllerManager;
let processes: Readonly<Record<Role, Mortal>>;
beforeAll(async () => {
  lab = await failureLab();
  manager = kubeControllerManager(binaries(), lab.api.kubeconfigPath, volumeControllers);
  await makeClass(lab);
  const [controller, sidecar, provisioner] = await Promise.all([
    lab.start("controller"),
    lab.start("sidecar"),
    lab.start("provisioner"),
  ]);
  processes = { controller, sidecar, provisioner };
}, 120_000);
afterEach(() => {
  for (const proxy of Object.values(lab.proxies)) proxy.fault = undefined;
});
afterAll(async () => {
  await manager.stop();
  await lab.stop();
});

const methods = ["CreateSnapshot", "DeleteSnapshot", "CreateVolume", "DeleteVolume"] as const;

/**
 * Changes for a snapshot to be ready and its claim free (9) and to be gone (5), and for a claim that is made from it: to
 * have its volume (3), and for that to be gone (2).
 */
const budget = 9 + 5 + 3 + 2;

async function costOfLife(name: string) {
  const costs = () => [changesIn(lab), ...methods.map((method) => lab.driver.count(method))];
  const before = costs();
  await wholeSingleLife(lab, name);
  const [changes = 0, ...calls] = costs().map((cost, i) => cost - (before[i] ?? 0));
  return { changes, calls };
}

test("a single snapshot and its restore cost one call each of the driver, and no more changes than they need", async () => {
  const { changes, calls } = await costOfLife("undisturbed");
  expect(calls).toEqual([1, 1, 1, 1]);
  expect(changes).toBeLessThanOrEqual(budget);
});

/** At most so often: who dies between a call and one of the changes that depend on it, makes the call again. */
const calls = {
  controller: [1, 1, 1, 1],
  sidecar: [3, 3, 1, 1],
  provisioner: [1, 1, 3, 4],
};

test.each<[string, Role, { readonly lives: number }]>([
  ["snapshot-controller", "controller", { lives: 14 }],
  ["csi-snapshotter", "sidecar", { lives: 6 }],
  ["provisioner", "provisioner", { lives: 8 }],
])(
  "kill -9 of the %s before and after each of its changes of a single snapshot and its restore loses nothing and leaves nothing",
  { timeout: 240_000 },
  async (_name, role, { lives }) => {
    const { life } = processes[role];
    dyingAtEachChange(lab, role, processes[role]);
    const cost = await costOfLife(`${role}-dies`);
    await processes[role].ready();
    expect(processes[role].life - life).toBeGreaterThanOrEqual(lives);
    expect(cost.changes).toBeLessThanOrEqual(budget);
    expect(cost.calls.filter((count, i) => count > (calls[role][i] ?? 0))).toEqual([]);
  },
);

test("what a single snapshot and its restore have lost or left over would be seen", { timeout: 120_000 }, async () => {
  const { world } = lab.driver;
  await take(lab, "control");
  const [[id, snapshot] = ["", undefined]] = world.snapshots;
  expect(snapshot).toBeDefined();
  world.snapshots.delete(id);
  expect(await flawsOfSingle(lab, "control")).toEqual([`no snapshot ${id}`]);
  for (const present of [id, "stray"]) world.snapshots.set(present, { ...snapshot, id: present } as never);
  expect(await flawsOfSingle(lab, "control")).toEqual(["snapshot stray on the storage without an object"]);
  world.snapshots.delete("stray");
  await restore(lab, "control");
  const [made] = [...world.volumes.values()].filter(({ source }) => source);
  expect(made).toBeDefined();
  world.volumes.set("stray", { ...made, id: "stray", name: "stray" } as never);
  expect(await flawsOfRestored(lab, "control")).toEqual([
    "2 volumes on the storage were made from snapshots",
    "volume stray is nobody's",
    "a volume without its object",
  ]);
  world.volumes.delete("stray");
  expect(await tracesOfRestored(lab, "control")).toContain("claim from-control");
  await remove(lab, "control");
});
