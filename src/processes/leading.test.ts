import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { leases } from "../kube/core/lease.ts";
import type { Resource } from "../kube/object.ts";
import { silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { type ThrowAwayApi, throwAwayApi } from "../testing/cluster.ts";
import { simulatedClock } from "../testing/simulated-clock.ts";
import { connect } from "./connect.ts";
import { electionMetrics } from "./election-metrics.ts";
import { healthPages } from "./health.ts";
import { latePermit, startLeading } from "./leading.ts";
import type { Running } from "./surroundings.ts";

let api: ThrowAwayApi;
beforeAll(async () => {
  api = await throwAwayApi();
});
afterAll(() => api.stop());

const events: Resource = { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true };
const { signal } = new AbortController();
const client = () => connect({ kubeconfig: api.kubeconfigPath, userAgent: "test" });
const timing = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 5_000 };

/** Work that goes on until its signal is aborted, under simulated time. */
async function replica(lease: string, { releaseOnExit = true }: { readonly releaseOnExit?: boolean } = {}) {
  const clock = simulatedClock();
  const stop = new AbortController();
  const late = latePermit();
  const work: { starts: number; signal?: AbortSignal } = { starts: 0 };
  const election = { timing, namespace: "default", releaseOnExit };
  const health = healthPages();
  const registry = new Registry();
  const running = await startLeading(
    { election, lease, connect: client, late, metrics: { health, election: electionMetrics(registry) } },
    { clock, random: { ...systemRandom, next: () => 0 }, log: silent, signal: stop.signal },
    async (own): Promise<Running> => {
      work.starts++;
      work.signal = own.signal;
      const ended = new Promise<void>((resolve) => {
        for (const each of [own.signal, own.stopping]) each?.addEventListener("abort", () => resolve(), { once: true });
      });
      return { ready: "work", ended };
    },
  );
  const end: { ok?: true; error?: Error } = {};
  running.ended.then(
    () => (end.ok = true),
    (error: Error) => (end.error = error),
  );
  return { clock, stop, late, health, metrics: () => registry.metrics(), work, running, end };
}

const holderOf = async (name: string) => {
  const found = await client();
  const lease = await found.get(leases, { namespace: "default", name }, { signal });
  found.close();
  return lease.spec?.holderIdentity;
};

test("a replica that leads works, and one that waits counts as ready and says for whom", async () => {
  const first = await replica("one-works");
  const second = await replica("one-works");
  expect(first.running.ready).toBe("work");
  expect(second.running.ready).toBe(`candidate for default/one-works, which ${await holderOf("one-works")} holds`);
  expect([first.work.starts, second.work.starts]).toEqual([1, 0]);
  expect(await first.metrics()).toContain('leader_election_master_status{name="one-works"} 1');
  expect(await second.metrics()).toContain('leader_election_master_status{name="one-works"} 0');
  first.stop.abort();
  await vi.waitFor(() => expect(first.end.ok).toBe(true));
  await second.clock.advance(5_000);
  await vi.waitFor(() => expect(second.work.starts).toBe(1));
  second.stop.abort();
  await vi.waitFor(() => expect(second.end.ok).toBe(true));
});

test.each([
  { releaseOnExit: true, holder: "" },
  { releaseOnExit: false, holder: expect.stringMatching(/\w-\w/) as string },
])(
  "after a clean stop the lease is given back if the gate says so: $releaseOnExit",
  async ({ releaseOnExit, holder }) => {
    const lease = `gate-${releaseOnExit}`;
    const { stop, end } = await replica(lease, { releaseOnExit });
    stop.abort();
    await vi.waitFor(() => expect(end.ok).toBe(true));
    expect(await holderOf(lease)).toEqual(holder);
  },
);

test("a replica that loses its lease is cut off at once, and ends with the reason and without giving anything back", async () => {
  const { clock, work, end, late, health, metrics } = await replica("lost");
  late.permit();
  expect(health.page("/healthz/leader-election")).toEqual({ status: 200, text: "ok" });
  const other = await client();
  const lease = await other.get(leases, { namespace: "default", name: "lost" }, { signal });
  await other.update(leases, { ...lease, spec: { ...lease.spec, holderIdentity: "thief" } }, { signal });
  other.close();
  await clock.advance(5_000);
  await vi.waitFor(() => expect(end.error?.message).toContain("default/lost is held by thief now"));
  expect(work.signal?.aborted).toBe(true);
  expect(() => late.permit()).toThrow("thief");
  expect(await metrics()).toContain('leader_election_master_status{name="lost"} 0');
  expect(health.page("/healthz/leader-election")).toMatchObject({ status: 500 });
  expect(await holderOf("lost")).toBe("thief");
});

test("a replica that leads says so in an event on the lease, in client-go's words", async () => {
  const { stop, end } = await replica("announced");
  const holder = await holderOf("announced");
  const found = await client();
  const said = async () => (await found.list(events, { namespace: "default", signal })).items;
  await vi.waitFor(async () =>
    expect(await said()).toContainEqual(
      expect.objectContaining({
        involvedObject: expect.objectContaining({ kind: "Lease", name: "announced" }) as object,
        type: "Normal",
        reason: "LeaderElection",
        message: `${holder} became leader`,
        source: { component: `announced/${holder}` },
      }),
    ),
  );
  found.close();
  stop.abort();
  await vi.waitFor(() => expect(end.ok).toBe(true));
});

test("a replica that is told to stop while another leads ends without having worked", async () => {
  const first = await replica("stop-waiting");
  const second = await replica("stop-waiting");
  second.stop.abort();
  await vi.waitFor(() => expect(second.end.ok).toBe(true));
  expect(second.work.starts).toBe(0);
  first.stop.abort();
  await vi.waitFor(() => expect(first.end.ok).toBe(true));
});
