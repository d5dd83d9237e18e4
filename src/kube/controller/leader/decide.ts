import { type Lease, type LeaseSpec, microTime } from "../../core/lease.ts";

/** What a candidate knows of the lease. */
export interface Seen {
  readonly identity: string;
  readonly lease: Lease | undefined;
  /** For how long, by our own clock, the lease has been as it is: the clocks of other machines are not asked. */
  readonly unchangedMs: number;
  /** Whether this candidate is in its term. */
  readonly leads: boolean;
}

export type Step =
  | { readonly do: "create" }
  | { readonly do: "take"; readonly lease: Lease }
  | { readonly do: "renew"; readonly lease: Lease }
  /** Somebody else leads; at the earliest after this long they may not. */
  | { readonly do: "wait"; readonly holder: string; readonly untilExpiryMs: number }
  /** Somebody else leads although we thought that we did. */
  | { readonly do: "resign"; readonly holder: string };

/** The rules of client-go's election, so that its candidates and ours keep each other out. */
export function decide({ identity, lease, unchangedMs, leads }: Seen): Step {
  if (!lease) return { do: "create" };
  const holder = lease.spec?.holderIdentity || undefined;
  if (holder === identity) return { do: "renew", lease };
  if (holder === undefined) return { do: "take", lease };
  if (leads) return { do: "resign", holder };
  const untilExpiryMs = (lease.spec?.leaseDurationSeconds ?? 0) * 1000 - unchangedMs;
  return untilExpiryMs > 0 ? { do: "wait", holder, untilExpiryMs } : { do: "take", lease };
}

/** The lease's spec after a step that writes it. */
export function specAfter(
  step: Extract<Step, { readonly do: "create" | "take" | "renew" }>,
  by: { readonly identity: string; readonly leaseDurationMs: number; readonly now: Date },
): LeaseSpec {
  const now = microTime(by.now);
  const before = step.do === "create" ? undefined : step.lease.spec;
  const transitions = before?.leaseTransitions ?? 0;
  return {
    holderIdentity: by.identity,
    leaseDurationSeconds: Math.floor(by.leaseDurationMs / 1000),
    acquireTime: step.do === "renew" ? (before?.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: step.do === "take" ? transitions + 1 : transitions,
  };
}

/** The spec of a lease that is given back: free for whoever comes first. */
export function releasedSpec(lease: Lease, now: Date): LeaseSpec {
  const time = microTime(now);
  return {
    holderIdentity: "",
    leaseDurationSeconds: 1,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: lease.spec?.leaseTransitions ?? 0,
  };
}
