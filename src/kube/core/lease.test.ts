import { expect, test } from "vitest";
import { isHeld, type Lease } from "./lease.ts";

const now = new Date("2026-01-01T00:01:00Z");
const lease = (spec: NonNullable<Lease["spec"]>): Lease => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { name: "leader", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
  spec,
});

test.each([
  {
    what: "one renewed in time",
    of: lease({ holderIdentity: "a", leaseDurationSeconds: 15, renewTime: "2026-01-01T00:00:50.123456Z" }),
    held: true,
  },
  {
    what: "one that has run out",
    of: lease({ holderIdentity: "a", leaseDurationSeconds: 15, renewTime: "2026-01-01T00:00:40.000000Z" }),
    held: false,
  },
  {
    what: "one that was given back",
    of: lease({ holderIdentity: "", leaseDurationSeconds: 1, renewTime: "2026-01-01T00:00:59.900000Z" }),
    held: false,
  },
  { what: "none", of: undefined, held: false },
])("a lease counts as held or not: $what", ({ of, held }) => {
  expect(isHeld(of, now)).toBe(held);
});
