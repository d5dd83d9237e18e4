import type { Clock } from "../../../lib/clock.ts";
import { isFailure } from "../../../lib/failure.ts";
import type { Client } from "../../client/client.ts";
import { type Lease, leases } from "../../core/lease.ts";
import { decide, releasedSpec, type Step, specAfter } from "./decide.ts";
import { type Moment, momentOf } from "./term.ts";

export interface LeaseRecordOptions {
  readonly client: Client;
  readonly at: { readonly namespace: string; readonly name: string };
  readonly identity: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly leaseDurationMs: number;
  readonly clock: Clock;
}

/** One lease, as one candidate reads and writes it. Writes carry the version they were decided from: one of two wins. */
export interface LeaseRecord {
  /** Reads the lease and decides. */
  look(call: { readonly leads: boolean; readonly signal: AbortSignal }): Promise<Step>;
  /** @returns when it was sent @throws Failure "conflict" or "exists" if somebody was quicker */
  write(step: Writing, signal: AbortSignal): Promise<Moment>;
  /** Renews a lease that we believe is ours. @throws HeldByAnother if it is not */
  renew(signal: AbortSignal): Promise<Moment>;
  /** The lease as it was last seen. */
  seen(): Lease | undefined;
  /** Gives the lease back if it is ours. */
  release(signal: AbortSignal): Promise<void>;
}

type Writing = Parameters<typeof specAfter>[0];

/** Somebody else has the lease that we believed to be ours. */
export class HeldByAnother extends Error {
  readonly holder: string;

  constructor(holder: string) {
    super(`held by ${holder}`);
    this.holder = holder;
  }
}

export function leaseRecord(options: LeaseRecordOptions): LeaseRecord {
  const { client, clock, at, identity, leaseDurationMs } = options;
  /** The lease as it was last seen, and since when it has been so. */
  let last: { readonly lease: Lease; readonly sinceMs: number } | undefined;

  const note = (lease: Lease) => {
    const isSame = last !== undefined && isSameRecord(last.lease, lease);
    last = { lease, sinceMs: isSame && last ? last.sinceMs : clock.monotonicMs() };
  };
  const look: LeaseRecord["look"] = async ({ leads, signal }) => {
    const lease = await client.find(leases, at, { signal });
    if (lease) note(lease);
    const unchangedMs = last ? clock.monotonicMs() - last.sinceMs : 0;
    return decide({ identity, lease, unchangedMs, leads });
  };
  const write: LeaseRecord["write"] = async (step, signal) => {
    const sent = momentOf(clock);
    const spec = specAfter(step, { identity, leaseDurationMs, now: clock.now() });
    const there = step.do === "create" ? undefined : step.lease;
    const labels = options.labels && { labels: { ...there?.metadata.labels, ...options.labels } };
    const call = { signal };
    if (there) note(await client.update(leases, { ...there, metadata: { ...there.metadata, ...labels }, spec }, call));
    else note(await client.create(leases, { ...leaseType, metadata: { ...at, ...labels }, spec }, call));
    return sent;
  };

  return {
    look,
    write,
    seen: () => last?.lease,
    async renew(signal) {
      try {
        if (last) return await write({ do: "renew", lease: last.lease }, signal);
      } catch (error) {
        if (!isFailure(error, "conflict", "notFound")) throw error; // else the lease is not as we knew it
      }
      const step = await look({ leads: true, signal });
      if (step.do === "wait" || step.do === "resign") throw new HeldByAnother(step.holder);
      return write(step, signal);
    },
    async release(signal) {
      const lease = last?.lease;
      if (lease?.spec?.holderIdentity !== identity) return;
      await client.update(leases, { ...lease, spec: releasedSpec(lease, clock.now()) }, { signal });
    },
  };
}

const leaseType = { apiVersion: "coordination.k8s.io/v1", kind: leases.kind };

/** Whether nobody wrote an election's record in between. */
function isSameRecord(a: Lease, b: Lease): boolean {
  return a.metadata.uid === b.metadata.uid && recordOf(a) === recordOf(b);
}

function recordOf({ spec }: Lease): string {
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = spec ?? {};
  return JSON.stringify([holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions]);
}
