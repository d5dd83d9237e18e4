import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Failure } from "../../../src/lib/failure.ts";
import { type CsiRelay, csiRelay } from "../../../src/testing/csi-relay.ts";
import { type Mortal, mortal } from "../../../src/testing/mortal.ts";
import { type Program, program } from "../../../src/testing/program.ts";
import { type ApiLab, apiLab, askForGroup, budgetOf, changesIn, members, untilGone, untilWhole } from "./lab.ts";

// The storage driver as a process of its own, which dies at instants of its calls.

let storage: Program;
let driver: Mortal;
let relay: CsiRelay;
let lab: ApiLab;
beforeAll(async () => {
  storage = program();
  const [socket, address] = [join(storage.folder, "driver.sock"), join(storage.folder, "relay.sock")];
  const args = ["driver", `--endpoint=${socket}`, "--node-id=here", `--pool=${pool()}`, "--engine=userland"];
  driver = mortal(() => storage.start(args, AbortSignal.timeout(60_000)));
  await driver.ready();
  relay = await csiRelay({ address, driver: socket });
  lab = await apiLab(address);
  await Promise.all([lab.start("controller"), lab.start("sidecar")]);
}, 120_000);
afterAll(async () => {
  await lab.stop();
  await relay.close();
  await storage.clean();
});

const pool = () => join(storage.folder, "pool");
const images = () =>
  readdirSync(join(pool(), "snapshots"), { recursive: true }).filter((name) => String(name).endsWith(".img"));

/** When the driver dies: at the first of these in the first call of a method, and so on. */
const instants = ["before", "during", "after"] as const;

function dyingInCalls(...methods: readonly string[]): void {
  const at = new Map(methods.map((method) => [method, [...instants]]));
  relay.fault = async (method, pass) => {
    const instant = at.get(method)?.shift();
    if (!instant) return pass();
    await answering();
    const { life } = driver;
    await reach(instant, pass);
    await driver.die(life);
    throw new Failure("unavailable", `the driver died ${instant} the call`);
  };
}

/** Waits until the driver is there again, for the relay too. */
async function answering(): Promise<void> {
  await driver.ready();
  const probe = () => relay.csi.identity.probe({}, { timeoutMs: 5_000, signal: AbortSignal.timeout(5_000) });
  await vi.waitFor(probe, { timeout: 30_000, interval: 50 });
}

async function reach(instant: (typeof instants)[number], pass: () => Promise<object>): Promise<void> {
  if (instant === "before") return;
  const before = images().length;
  const answer = pass();
  if (instant === "after") return void (await answer);
  answer.catch(() => undefined); // it breaks in the middle
  await vi.waitUntil(() => images().length !== before, { timeout: 30_000, interval: 1 });
}

/** What went wrong is said on the content and on the group. */
const changesForAnError = 2;

const count = (method: string) => relay.calls.filter((call) => call === method).length;

test("kill -9 of the driver before, during and after its calls ends in one cut of each volume, and then in none", {
  timeout: 240_000,
}, async () => {
  dyingInCalls("createVolumeGroupSnapshot", "deleteVolumeGroupSnapshot");
  await askForGroup(lab.shop, "g");
  await untilWhole(lab.shop, "g");
  expect(images()).toHaveLength(members.length);
  await untilGone(lab.shop, "g");
  await expect.poll(images, { timeout: 30_000 }).toEqual([]);
  expect(driver.life).toBe(1 + 2 * instants.length);
  expect([count("createVolumeGroupSnapshot"), count("deleteVolumeGroupSnapshot")]).toEqual([4, 4]);
  expect(changesIn(lab)).toBeLessThanOrEqual(budgetOf(members.length) + changesForAnError * 2 * instants.length);
});
