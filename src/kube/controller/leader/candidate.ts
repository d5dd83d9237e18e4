import { onAbort } from "../../../lib/abort.ts";
import { type Clock, withTimeout } from "../../../lib/clock.ts";
import { Failure, failureOf, isFailure } from "../../../lib/failure.ts";
import type { Logger } from "../../../lib/log.ts";
import type { Random } from "../../../lib/random.ts";
import type { Client } from "../../client/client.ts";
import type { Lease } from "../../core/lease.ts";
import { keyOf } from "../../object.ts";
import { HeldByAnother, type LeaseRecord, leaseRecord } from "./lease-record.ts";
import { afterLoss, type Term, termOf } from "./term.ts";
import { checkTiming, type ElectionTiming, jitter } from "./timing.ts";

export interface CandidateOptions {
  /** Not the client that the leader works with: its queue and its limits are not to delay a renewal. */
  readonly client: Client;
  readonly at: { readonly namespace: string; readonly name: string };
  readonly identity: string;
  /** Put on the lease. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly timing: ElectionTiming;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** One who wants to lead. */
export interface Candidate {
  /**
   * Resolves with the term once this candidate leads; rejects with the signal's reason.
   *
   * @param onWait told who leads, whenever that is somebody else
   */
  campaign(signal: AbortSignal, onWait?: (holder: string) => void): Promise<Term>;
  /** Renews the lease until the signal is aborted, and resolves then. Rejects with a Failure as soon as the lease is lost. */
  keep(term: Term, signal: AbortSignal): Promise<void>;
  /** The lease as it was last seen; undefined before. */
  lease(): Lease | undefined;
  /** Gives the lease back, so that the next leader need not wait: for one whose work has ended. Never throws. */
  release(): Promise<void>;
}

/** A renewal that failed is tried again after this part of the retry period. */
const hurry = 5;
/** A request without an answer is not to use up the term: it gets half of what is left, and at least this. */
const shortestTryMs = 500;
/** Who stops has promised to be quick. */
const releaseLimitMs = 1_000;
/** Candidates that wait for one lease to run out come one after the other. */
const expiryJitterMs = 100;

/** @throws Failure "invalid" if the durations leave no room for each other */
export function candidate(options: CandidateOptions): Candidate {
  checkTiming(options.timing);
  const record = leaseRecord({ ...options, ...options.timing });
  const name = keyOf(options.at);
  return {
    campaign: (signal, onWait = () => undefined) => campaign({ ...options, record, name, onWait }, signal),
    lease: record.seen,
    keep: (term, signal) => keep({ ...options, record, name }, term, signal),
    async release() {
      const { signal } = new AbortController();
      const limit = { timeoutMs: releaseLimitMs, what: `giving back the lease ${name}`, signal };
      await withTimeout(options.clock, limit, record.release).catch((error: unknown) =>
        options.log.warn({ lease: name, error: failureOf(error).message }, "the lease could not be given back"),
      );
    },
  };
}

interface Race extends CandidateOptions {
  readonly record: LeaseRecord;
  readonly name: string;
}

async function campaign(
  race: Race & { readonly onWait: (holder: string) => void },
  signal: AbortSignal,
): Promise<Term> {
  const { record, clock, random, log, name, onWait } = race;
  const { renewDeadlineMs, retryPeriodMs } = race.timing;
  const limit = { timeoutMs: renewDeadlineMs, what: `asking for the lease ${name}`, signal };
  for (;;) {
    let delayMs = retryPeriodMs * (1 + jitter * random.next());
    try {
      const step = await withTimeout(clock, limit, (limited) => record.look({ leads: false, signal: limited }));
      if (step.do === "wait") {
        onWait(step.holder);
        delayMs = Math.min(delayMs, step.untilExpiryMs + expiryJitterMs * random.next());
      } else if (step.do !== "resign") {
        const renewed = await withTimeout(clock, limit, (limited) => record.write(step, limited));
        return termOf({ clock, renewDeadlineMs, lease: name, renewed });
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isFailure(error, "conflict", "exists"))
        log.warn({ lease: name, error: failureOf(error).message }, "the lease could not be asked for");
    }
    await clock.sleep(delayMs, signal);
  }
}

async function keep(race: Race, term: Term, signal: AbortSignal): Promise<void> {
  const { record, clock, log, name, timing } = race;
  let delayMs = timing.retryPeriodMs;
  while (!(await pause({ clock, term, delayMs }, signal))) {
    const timeoutMs = Math.min(term.leftMs, Math.max(shortestTryMs, term.leftMs / 2));
    try {
      const limit = { timeoutMs, what: `renewing the lease ${name}`, signal };
      term.renewed(await withTimeout(clock, limit, record.renew));
      delayMs = timing.retryPeriodMs;
    } catch (error) {
      if (signal.aborted) return;
      const { message } = failureOf(error);
      if (error instanceof HeldByAnother)
        term.end(new Failure("unavailable", `the lease ${name} is held by ${error.holder} now; ${afterLoss}`));
      else log.warn({ lease: name, leftMs: Math.round(term.leftMs), error: message }, "the lease could not be renewed");
      delayMs = timing.retryPeriodMs / hurry;
    }
  }
}

/** Sleeps, but not past the term. @returns true when the signal was aborted @throws the term's Failure when it is lost */
async function pause(
  { clock, term, delayMs }: { readonly clock: Clock; readonly term: Term; readonly delayMs: number },
  signal: AbortSignal,
): Promise<boolean> {
  const woken = new AbortController();
  const offs = [signal, term.signal].map((each) => onAbort(each, () => woken.abort()));
  if (signal.aborted || term.signal.aborted) woken.abort();
  await clock.sleep(Math.min(delayMs, term.leftMs), woken.signal).catch(() => undefined); // woken: why is seen below
  for (const off of offs) off();
  if (term.standing === "lost") throw term.signal.reason;
  return signal.aborted;
}
