import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { groupSnapshots } from "../../../src/api/group-snapshot/resources.ts";
import { isChange, type ProxyAnswer, type ProxyFault } from "../../../src/testing/fault-proxy.ts";
import { type Mortal, mortal } from "../../../src/testing/mortal.ts";
import { freePort, startWebhook } from "../webhook-process.ts";
import { flawsOf, tracesIn } from "./flaws.ts";
import {
  askForGroup,
  budgetOf,
  costOf,
  createCut,
  deleteCut,
  dyingAtEachChange,
  type FailureLab,
  failureLab,
  members,
  type Role,
  untilConverted,
  untilGone,
  untilWhole,
  wholeLife,
} from "./lab.ts";

let lab: FailureLab;
type Worker = Exclude<Role, "provisioner">;
let processes: Readonly<Record<Worker, Mortal>>;
beforeAll(async () => {
  lab = await failureLab();
  const [controller, sidecar] = await Promise.all([lab.start("controller"), lab.start("sidecar")]);
  processes = { controller, sidecar };
}, 120_000);
afterEach(() => setFaults(undefined));
afterAll(() => lab.stop());

const setFaults = (fault: ProxyFault | undefined) => {
  for (const proxy of Object.values(lab.proxies)) proxy.fault = fault;
};
const noop = () => undefined;
const long = { timeout: 240_000 };

describe("kill -9 of", () => {
  test.each<[string, Worker, { readonly lives: number; readonly cuts: number }]>([
    ["the snapshot-controller", "controller", { lives: 20, cuts: 1 }],
    ["the csi-snapshotter", "sidecar", { lives: 6, cuts: 3 }],
  ])(
    "%s before and after each of its changes loses nothing and leaves nothing, at the cost of an undisturbed life",
    long,
    async (_name, role, { lives, cuts }) => {
      dyingAtEachChange(lab, role, processes[role]);
      const cost = await costOf(lab, () => wholeLife(lab, `${role}-dies`));
      await processes[role].ready();
      expect(processes[role].life).toBeGreaterThan(lives);
      expect(cost.changes).toBeLessThanOrEqual(budgetOf(members.length));
      expect(Math.max(cost.creates, cost.deletes)).toBeLessThanOrEqual(cuts);
    },
  );

  test("the csi-snapshotter while the driver is at its call makes one call more, and one cut", long, async () => {
    const { sidecar } = processes;
    const dieInCall = async (method: string, work: () => Promise<void>) => {
      const called = lab.driver.called(method);
      const open = lab.driver.hold(method);
      await work();
      await called;
      await sidecar.die(sidecar.life);
      open();
    };
    const cost = await costOf(lab, async () => {
      await dieInCall(createCut, () => askForGroup(lab.shop, "held"));
      await untilWhole(lab.shop, "held");
      await dieInCall(deleteCut, () => lab.shop.remove(groupSnapshots, "held"));
      await untilGone(lab.shop, "held");
    });
    expect(cost).toMatchObject({ creates: 2, deletes: 2 });
    expect(cost.changes).toBeLessThanOrEqual(budgetOf(members.length));
  });

  test(
    "the webhook before each change of a group has it refused until it is back, and loses nothing",
    long,
    async () => {
      const refusals = new EventTarget();
      const port = await freePort();
      const start = () => startWebhook(lab.groupsnap, { kubeconfig: lab.api.kubeconfigPath, port });
      const webhook = mortal((life) => (life === 1 ? start() : once(refusals, "refused").then(start)));
      await webhook.ready();
      await untilConverted(lab);
      const codes: number[] = [];
      let changed = 0;
      const change = async (pass: () => Promise<ProxyAnswer>) => {
        const isDead = changed === codes.length;
        if (isDead) await webhook.die(webhook.life);
        const answer = await pass();
        if (answer.code < 300) changed++;
        if (!isDead) return answer;
        codes.push(answer.code);
        refusals.dispatchEvent(new Event("refused"));
        return answer;
      };
      await askForGroup(lab.shop, "without-webhook");
      let turn = Promise.resolve();
      setFaults((request, pass) => {
        if (!isChange(request) || !request.path.includes("/volumegroupsnapshot")) return pass();
        const answered = turn.then(() => change(pass)); // one after the other, so that each has its death
        turn = answered.then(noop, noop);
        return answered;
      });
      await untilWhole(lab.shop, "without-webhook");
      await untilGone(lab.shop, "without-webhook");
      await webhook.ready();
      expect(codes).toEqual(codes.map(() => 500));
      expect(codes).toHaveLength(changed);
      expect(changed).toBeGreaterThanOrEqual(9);
    },
  );
});

test("what a group has lost or left over would be seen", long, async () => {
  const { shop, driver } = lab;
  await askForGroup(shop, "control");
  await untilWhole(shop, "control");
  const [[id, snapshot] = ["", undefined]] = driver.world.snapshots;
  expect(snapshot).toBeDefined();
  driver.world.snapshots.delete(id);
  expect(await flawsOf(shop, "control", members)).toEqual([`no snapshot ${id}`]);
  for (const present of [id, "stray"]) driver.world.snapshots.set(present, { ...snapshot, id: present } as never);
  expect(await flawsOf(shop, "control", members)).toEqual(["snapshot stray on the storage without an object"]);
  driver.world.snapshots.delete("stray");
  expect(await flawsOf(shop, "control", [...members, "third"])).toEqual([
    "2 members instead of 3",
    "2 snapshots instead of 3",
    "claim third has no member",
  ]);
  expect(await tracesIn(shop)).toContain("VolumeGroupSnapshot control");
  await untilGone(shop, "control");
});
