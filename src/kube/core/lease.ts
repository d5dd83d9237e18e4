import type { KubeObject, Resource } from "../object.ts";

/** Lease: who leads, and since when nobody has heard of them. */
export interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

/** Times are RFC 3339 with microseconds. */
export interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  /** How often the lease went from one holder to another. */
  readonly leaseTransitions?: number | null;
}

export const leases: Resource<Lease> = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};

/** True while somebody holds the lease and renews it in time. */
export function isHeld(lease: Lease | undefined, now: Date): boolean {
  const { holderIdentity, leaseDurationSeconds, renewTime } = lease?.spec ?? {};
  if (!holderIdentity || !leaseDurationSeconds || !renewTime) return false;
  return new Date(renewTime).getTime() + leaseDurationSeconds * 1000 > now.getTime();
}

/** A moment as leases have it: Go reads exactly six digits there. */
export function microTime(date: Date): string {
  return date.toISOString().replace("Z", "000Z");
}
