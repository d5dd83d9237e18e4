import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Lease, leases } from "../../../src/kube/core/lease.ts";
import type { KubeObject, Resource } from "../../../src/kube/object.ts";
import { isChange } from "../../../src/testing/fault-proxy.ts";
import type { Mortal } from "../../../src/testing/mortal.ts";
import { freePort, startWebhook } from "../webhook-process.ts";
import { budgetOf, costOf, createCut, type FailureLab, failureLab, members, untilConverted, wholeLife } from "./lab.ts";

// Both processes lead by a lease, and somebody sets the clock of their machine by hours.

let folder: string;
let lab: FailureLab;
let processes: readonly Mortal[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gs-clock-"));
  setClock(0);
  const hook = new URL(`shift-clock.mjs?by=${join(folder, "shift")}`, import.meta.url);
  lab = await failureLab(["--import", hook.href]);
  processes = await Promise.all([lab.start("controller", election), lab.start("sidecar", election)]);
}, 120_000);
afterEach(() => {
  setClock(0);
  for (const proxy of Object.values(lab.proxies)) proxy.fault = undefined;
});
afterAll(async () => {
  await lab.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Renewed often, so that a leader in doubt is soon sure again; long enough for a busy machine. */
const election = [
  "--leader-election",
  "--leader-election-namespace=default",
  "--leader-election-lease-duration=20s",
  "--leader-election-renew-deadline=15s",
  "--leader-election-retry-period=1s",
];
const long = { timeout: 180_000 };
const call = () => ({ signal: AbortSignal.timeout(10_000) });
const hourMs = 3_600_000;

/** At once, also for who reads it meanwhile. */
function setClock(hoursAhead: number): void {
  writeFileSync(join(folder, "next"), String(hoursAhead * hourMs));
  renameSync(join(folder, "next"), join(folder, "shift"));
}

const holders = async () => {
  const { items } = await lab.shop.client.list<Lease>(leases, { namespace: "default", ...call() });
  return items.map(({ spec }) => [spec?.holderIdentity, spec?.leaseTransitions]);
};

interface TimedEvent extends KubeObject {
  readonly firstTimestamp: string;
}
const events: Resource<TimedEvent> = { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true };

test.each([
  ["ahead", [5]],
  ["back", [-5]],
  ["ahead and back", [5, 0, -5, 0]],
])(
  "a clock that is set %s by 5 hours in the middle of a group costs no call, no change and no lease",
  long,
  async (how, jumps) => {
    const held = await holders();
    let changes = 0;
    for (const proxy of Object.values(lab.proxies))
      proxy.fault = async (request, pass) => {
        if (isChange(request)) setClock(jumps[Math.floor(changes++ / everyFew) % jumps.length] ?? 0);
        return pass();
      };
    const cost = await costOf(lab, () => wholeLife(lab, `set-${how.replaceAll(" ", "-")}`));
    expect(changes).toBeGreaterThan(jumps.length * everyFew);
    expect(cost).toMatchObject({ creates: 1, deletes: 1 });
    expect(cost.changes).toBeLessThanOrEqual(budgetOf(members.length));
    expect(await holders()).toEqual(held);
    expect(processes.map(({ life }) => life)).toEqual([1, 1]);
  },
);

/** Changes between two jumps. */
const everyFew = 4;

test.each([5, -5])(
  "a wait for a driver that throttles is as long as ever when the clock is set by %i hours",
  long,
  async (hours) => {
    lab.driver.fail(createCut, "exhausted", { times: 2 });
    const times: number[] = [];
    const called = async () => {
      while (times.length < 3) {
        await lab.driver.called(createCut);
        times.push(performance.now());
        setClock(times.length * hours);
      }
    };
    const [cost] = await Promise.all([
      costOf(lab, () => wholeLife(lab, `waits-${hours > 0 ? "ahead" : "back"}`)),
      called(),
    ]);
    expect(cost).toMatchObject({ creates: 3, deletes: 1 });
    const waits = times.slice(1).map((atMs, i) => Math.round((atMs - (times[i] ?? 0)) / 100) / 10);
    expect(waits.map((seconds, i) => seconds >= 2 ** i)).toEqual([true, true]);
  },
);

test("a webhook whose clock was 5 hours ahead when it made its certificate is believed", long, async () => {
  setClock(5);
  await startWebhook(lab.groupsnap, { kubeconfig: lab.api.kubeconfigPath, port: await freePort() });
  await untilConverted(lab);
  setClock(0);
  await wholeLife(lab, "converted");
});

test("the clocks of both processes were set indeed: their events tell of times hours apart", async () => {
  const { items } = await lab.shop.client.list(events, { namespace: lab.shop.namespace, ...call() });
  const times = items.map(({ firstTimestamp }) => Date.parse(firstTimestamp));
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(9 * hourMs);
});
