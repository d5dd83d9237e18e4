import { expect, test } from "vitest";
import type { Lease } from "../../core/lease.ts";
import { decide, releasedSpec, type Seen, type Step, specAfter } from "./decide.ts";

const lease = (spec: NonNullable<Lease["spec"]>): Lease => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { name: "leader", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
  spec,
});
const record = {
  holderIdentity: "a",
  leaseDurationSeconds: 15,
  acquireTime: "2026-01-01T00:00:00.000000Z",
  renewTime: "2026-01-01T00:00:10.000000Z",
  leaseTransitions: 3,
};
const now = new Date("2026-01-01T00:01:00.123Z");

test.each<[string, Omit<Seen, "identity">, Step["do"]]>([
  ["there is none", { lease: undefined, unchangedMs: 0, leads: false }, "create"],
  ["it was deleted under the leader", { lease: undefined, unchangedMs: 0, leads: true }, "create"],
  ["another was just seen to hold it", { lease: lease(record), unchangedMs: 0, leads: false }, "wait"],
  ["another held it until a moment ago", { lease: lease(record), unchangedMs: 14_999, leads: false }, "wait"],
  ["another has let it run out", { lease: lease(record), unchangedMs: 15_000, leads: false }, "take"],
  ["it was given back", { lease: lease(releasedSpec(lease(record), now)), unchangedMs: 0, leads: false }, "take"],
  ["it has no record", { lease: lease({}), unchangedMs: 0, leads: false }, "take"],
  ["our own write was made, its answer lost", ours(0, false), "renew"],
  ["it is ours", ours(5_000, true), "renew"],
  ["another has it although we lead", { lease: lease(record), unchangedMs: 0, leads: true }, "resign"],
  ["another had it once although we lead", { lease: lease(record), unchangedMs: 60_000, leads: true }, "resign"],
])("what a candidate does with a lease: %s", (_title, seen, step) => {
  expect(decide({ identity: "b", ...seen }).do).toBe(step);
});

function ours(unchangedMs: number, leads: boolean) {
  return { lease: lease({ ...record, holderIdentity: "b" }), unchangedMs, leads };
}

test("a candidate that waits is told who leads, and when the lease would run out by its own clock", () => {
  const seen = { identity: "b", lease: lease(record), unchangedMs: 4_000, leads: false };
  expect(decide(seen)).toEqual({ do: "wait", holder: "a", untilExpiryMs: 11_000 });
});

const by = { identity: "b", leaseDurationMs: 15_900, now };

test("a lease that changes hands counts one more transition, with times in Go's microseconds", () => {
  expect(specAfter({ do: "take", lease: lease(record) }, by)).toEqual({
    holderIdentity: "b",
    leaseDurationSeconds: 15,
    acquireTime: "2026-01-01T00:01:00.123000Z",
    renewTime: "2026-01-01T00:01:00.123000Z",
    leaseTransitions: 4,
  });
});

test("a renewal keeps since when the lease is held, and how often it changed hands", () => {
  const { acquireTime, renewTime, leaseTransitions } = specAfter({ do: "renew", lease: lease(record) }, by);
  expect([acquireTime, renewTime, leaseTransitions]).toEqual([record.acquireTime, "2026-01-01T00:01:00.123000Z", 3]);
});

test("the first holder of a lease has seen no transition", () => {
  expect(specAfter({ do: "create" }, by).leaseTransitions).toBe(0);
});
