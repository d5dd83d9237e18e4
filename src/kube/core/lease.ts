import type { KubeObject, Resource } from "../object.ts";

/** Lease: who leads, and since when nobody has heard of them. */
export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number | null;
    /** RFC 3339 with microseconds. */
    readonly renewTime?: string | null;
  };
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
