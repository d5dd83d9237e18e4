import type { Lease } from "../../core/lease.ts";
import type { EventValue } from "../plan.ts";

/** Said on the lease in the words of client-go, which people and alerts look for. */
export const becameLeader = (lease: Lease, identity: string): EventValue => ({
  type: "Normal",
  reason: "LeaderElection",
  message: `${identity} became leader`,
  regarding: lease,
});
