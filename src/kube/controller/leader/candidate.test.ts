import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Clock } from "../../../lib/clock.ts";
import { systemClock } from "../../../lib/clock.ts";
import { Failure } from "../../../lib/failure.ts";
import { silent } from "../../../lib/log.ts";
import { systemRandom } from "../../../lib/random.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../../testing/cluster.ts";
import { faultsIn } from "../../../testing/faults.ts";
import { type SimulatedClock, simulatedClock } from "../../../testing/simulated-clock.ts";
import { type KubeClient, kubeClient } from "../../client/kube-client.ts";
import { loadConfig } from "../../client/kubeconfig.ts";
import { leases } from "../../core/lease.ts";
import { type Candidate, candidate } from "./candidate.ts";
import type { Term } from "./term.ts";
import type { ElectionTiming } from "./timing.ts";

let api: ThrowAwayApi;
let client: KubeClient;
beforeAll(async () => {
  api = await throwAwayApi();
  const config = await loadConfig({ kubeconfig: api.kubeconfigPath });
  client = kubeClient({ config, userAgent: "test", clock: systemClock, random: systemRandom });
});
afterAll(async () => {
  client.close();
  await api.stop();
});

const usual: ElectionTiming = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 5_000 };
const { signal } = new AbortController();
let leaseNumber = 0;

/** A lease of its own, and candidates for it with a clock and faults of their own. */
function aRace() {
  const at = { namespace: "default", name: `leader-${leaseNumber++}` };
  const enter = (
    identity: string,
    options: { readonly labels?: Record<string, string>; readonly clock?: Clock } = {},
  ) => {
    const clock = simulatedClock();
    const faults = faultsIn(client);
    const random = { next: () => 0, uuid: () => "" };
    const runner = candidate({
      client: faults.subject,
      at,
      identity,
      timing: usual,
      clock,
      random,
      log: silent,
      ...options,
    });
    return { runner, clock, faults };
  };
  const record = async () => (await client.get(leases, at, { signal })).spec ?? {};
  return { at, enter, record };
}

/** Keeps a term in the background: what became of it is seen by `lost`. */
function keeping(runner: Candidate, term: Term, stop = signal) {
  const seen: { lost?: Error; ended?: boolean } = {};
  runner.keep(term, stop).then(
    () => (seen.ended = true),
    (error: Error) => (seen.lost = error),
  );
  return seen;
}

/** Lets time pass, in steps small enough that every sleeper and every request in between gets its turn. */
async function pass(clock: SimulatedClock, ms: number, until: () => boolean | Promise<boolean>): Promise<void> {
  await clock.advance(ms);
  await vi.waitFor(async () => expect(await until()).toBe(true), { timeout: 5_000, interval: 5 });
}

test("the first candidate leads at once, with a record that client-go reads", async () => {
  const { enter, record } = aRace();
  await enter("a", { labels: { team: "storage" } }).runner.campaign(signal);
  const { holderIdentity, leaseDurationSeconds, acquireTime, leaseTransitions } = await record();
  expect({ holderIdentity, leaseDurationSeconds, leaseTransitions }).toEqual({
    holderIdentity: "a",
    leaseDurationSeconds: 15,
    leaseTransitions: 0,
  });
  expect(acquireTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
});

test("puts its labels on the lease, beside those that others put there", async () => {
  const { at, enter } = aRace();
  await client.create(leases, { ...typeOfLease, metadata: { ...at, labels: { mine: "1" } }, spec: {} }, { signal });
  await enter("a", { labels: { team: "storage" } }).runner.campaign(signal);
  expect((await client.get(leases, at, { signal })).metadata.labels).toEqual({ mine: "1", team: "storage" });
});
const typeOfLease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease" };

test("a second candidate waits for the whole lease by its own clock, and takes over then", async () => {
  const { enter, record } = aRace();
  const [first, second] = [enter("a"), enter("b")];
  await first.runner.campaign(signal);
  const holders: string[] = [];
  const won: Term[] = [];
  void second.runner.campaign(signal, (holder) => holders.push(holder)).then((term) => won.push(term));
  await pass(second.clock, 0, () => holders.length === 1);
  await pass(second.clock, 5_000, () => holders.length === 2);
  await pass(second.clock, 5_000, () => holders.length === 3);
  await pass(second.clock, 4_000, () => second.clock.sleepers === 1);
  expect([holders, won]).toEqual([["a", "a", "a"], []]);
  await pass(second.clock, 1_200, () => won.length === 1);
  expect(await record()).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
});

test("a leader renews its lease every retry period, and so keeps every other candidate out", async () => {
  const { enter, record } = aRace();
  const [first, second] = [enter("a"), enter("b")];
  const term = await first.runner.campaign(signal);
  const kept = keeping(first.runner, term);
  let looks = 0;
  void second.runner.campaign(signal, () => looks++);
  for (let round = 1; round <= 6; round++) {
    await pass(first.clock, 5_000, async () => (await record()).renewTime?.startsWith(timeAfter(round * 5)) === true);
    await pass(second.clock, 5_000, () => looks > round);
  }
  expect(await record()).toMatchObject({ holderIdentity: "a", leaseTransitions: 0 });
  expect([term.standing, kept]).toEqual(["held", {}]);
});
const timeAfter = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString().slice(0, 19);

test("a leader that cannot reach the API goes on trying until its deadline, and has lost then", async () => {
  const { enter } = aRace();
  const { runner, clock, faults } = enter("a");
  const term = await runner.campaign(signal);
  faults.fail("update", { error: new Failure("unavailable", "no answer") });
  const kept = keeping(runner, term);
  await clock.advance(9_900);
  expect([term.standing, kept]).toEqual(["held", {}]);
  expect(faults.calls("update")).toBeGreaterThan(3);
  await pass(clock, 100, () => kept.lost !== undefined);
  expect(kept.lost?.message).toContain("was not renewed for 10000 ms");
  expect(term.signal.aborted).toBe(true);
});

test("a leader whose API comes back before its deadline leads on", async () => {
  const { enter, record } = aRace();
  const { runner, clock, faults } = enter("a");
  const term = await runner.campaign(signal);
  faults.fail("update", { error: new Failure("unavailable", "no answer"), times: 4 });
  const kept = keeping(runner, term);
  await pass(clock, 9_500, async () => (await record()).renewTime?.startsWith(timeAfter(9)) === true);
  await pass(clock, 5_000, async () => (await record()).renewTime?.startsWith(timeAfter(14)) === true);
  expect([term.standing, kept]).toEqual(["held", {}]);
});

test("a renewal that is made although its answer is lost does not cost the term", async () => {
  const { at, enter, record } = aRace();
  const { runner, clock, faults } = enter("a");
  const term = await runner.campaign(signal);
  const kept = keeping(runner, term);
  const lease = await client.get(leases, at, { signal });
  await client.update(leases, { ...lease, spec: { ...lease.spec, renewTime: `${timeAfter(1)}.000000Z` } }, { signal });
  await pass(clock, 5_000, async () => (await record()).renewTime?.startsWith(timeAfter(5)) === true);
  expect(faults.calls("find")).toBe(2);
  expect([term.standing, kept]).toEqual(["held", {}]);
});

test("a leader that finds another in its lease stops at once, long before its deadline", async () => {
  const { at, enter, record } = aRace();
  const { runner, clock, faults } = enter("a");
  const term = await runner.campaign(signal);
  const kept = keeping(runner, term);
  const lease = await client.get(leases, at, { signal });
  await client.update(leases, { ...lease, spec: { ...lease.spec, holderIdentity: "thief" } }, { signal });
  await pass(clock, 5_000, () => kept.lost !== undefined);
  expect(kept.lost?.message).toContain("is held by thief now");
  expect(() => term.permit()).toThrow("thief");
  expect((await record()).holderIdentity).toBe("thief");
  expect(faults.calls("update")).toBe(1);
});

test("a lease that is deleted under its leader is created again", async () => {
  const { at, enter, record } = aRace();
  const { runner, clock } = enter("a");
  const term = await runner.campaign(signal);
  const kept = keeping(runner, term);
  await client.delete(leases, at, { signal });
  const holder = () =>
    record().then(
      (spec) => spec.holderIdentity,
      () => undefined,
    );
  await pass(clock, 5_000, async () => (await holder()) === "a");
  expect([term.standing, kept]).toEqual(["held", {}]);
});

test("a lease that was given back is taken without a wait", async () => {
  const { enter, record } = aRace();
  const [first, second] = [enter("a"), enter("b")];
  await first.runner.campaign(signal);
  await first.runner.release();
  expect(await record()).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1 });
  await second.runner.campaign(signal);
  expect(await record()).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
});

test("a candidate that was overtaken gives nothing back", async () => {
  const { at, enter, record } = aRace();
  const { runner } = enter("a");
  await runner.campaign(signal);
  const lease = await client.get(leases, at, { signal });
  await client.update(leases, { ...lease, spec: { ...lease.spec, holderIdentity: "b" } }, { signal });
  await runner.release();
  expect((await record()).holderIdentity).toBe("b");
});

test("of several candidates that find no lease, one leads", async () => {
  const { enter, record } = aRace();
  const stop = new AbortController();
  const racers = ["a", "b", "c"].map((name) => ({ name, ...enter(name) }));
  const campaigns = racers.map(({ name, runner }) => runner.campaign(stop.signal).then(() => name));
  const winner = await Promise.any(campaigns);
  expect((await record()).holderIdentity).toBe(winner);
  stop.abort();
  const ends = await Promise.allSettled(campaigns);
  expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("a process that was frozen past its deadline asks nothing of the API when it goes on", async () => {
  const { enter } = aRace();
  const hand = { monotonicMs: 0 };
  let wake: () => void = () => undefined;
  const clock: Clock = {
    now: () => new Date(Date.UTC(2026, 0, 1) + hand.monotonicMs),
    monotonicMs: () => hand.monotonicMs,
    sleep: (ms, stop) =>
      new Promise((resolve, reject) => {
        stop.addEventListener("abort", () => reject(stop.reason), { once: true });
        if (ms === usual.retryPeriodMs) wake = resolve;
      }),
  };
  const { runner, faults } = enter("a", { clock });
  const term = await runner.campaign(signal);
  const kept = keeping(runner, term);
  hand.monotonicMs = 60_000;
  wake();
  await vi.waitFor(() => expect(kept.lost).toBeDefined());
  expect([faults.calls("update"), faults.calls("find")]).toEqual([0, 1]);
});

test("keeping ends without a word when the process is told to stop", async () => {
  const { enter } = aRace();
  const { runner, clock } = enter("a");
  const stop = new AbortController();
  const kept = keeping(runner, await runner.campaign(signal), stop.signal);
  await clock.advance(1_000);
  stop.abort();
  await vi.waitFor(() => expect(kept).toEqual({ ended: true }));
});

test.each([
  ["a lease no longer than the renew deadline", { leaseDurationMs: 10_000 }, "lease-duration"],
  ["a lease whose whole seconds are no longer than the renew deadline", { leaseDurationMs: 10_900 }, "lease-duration"],
  ["a renew deadline that leaves no second try", { retryPeriodMs: 9_000 }, "renew-deadline"],
])("an election refuses %s", (_title, change, flag) => {
  const timing = { ...usual, ...change };
  const around = { client, at: { namespace: "default", name: "x" }, identity: "a", clock: systemClock };
  expect(() => candidate({ ...around, timing, random: systemRandom, log: silent })).toThrow(flag);
});
