import type { KubeClient } from "../kube/client/kube-client.ts";
import { eventRecorder } from "../kube/controller/events.ts";
import { type Candidate, candidate } from "../kube/controller/leader/candidate.ts";
import { becameLeader } from "../kube/controller/leader/events.ts";
import { candidateIdentity, podNamespace, sanitized } from "../kube/controller/leader/names.ts";
import type { Term } from "../kube/controller/leader/term.ts";
import type { ElectionTiming } from "../kube/controller/leader/timing.ts";
import { keyOf } from "../kube/object.ts";
import { onAbort } from "../lib/abort.ts";
import { failureOf } from "../lib/failure.ts";
import { startGraceful } from "./graceful.ts";
import type { Metrics } from "./http-endpoint.ts";
import type { Running, Surroundings } from "./surroundings.ts";

/** How replicas agree on the one that works. */
export interface ElectionOptions {
  readonly timing: ElectionTiming;
  /** Where the lease is; the pod's namespace unless it is given. */
  readonly namespace?: string;
  /** Put on the lease. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Gives the lease back after a clean stop. */
  readonly releaseOnExit: boolean;
}

/** What may be done in this moment: asked right before each write and each call to a driver. */
export type Permit = () => void;

/** Permits everything until a term has begun, and then what it permits. */
export interface LatePermit {
  readonly permit: Permit;
  begin(term: Term): void;
  /** Whether this process leads now. */
  leads(): boolean;
  /** Why it can no longer lead; undefined while it does, and while it waits. */
  lost(): string | undefined;
}

export function latePermit(): LatePermit {
  let term: Term | undefined;
  return {
    permit: () => term?.permit(),
    begin(begun) {
      term = begun;
    },
    leads: () => term !== undefined && term.standing !== "lost",
    lost: () => (term?.standing === "lost" ? failureOf(term.signal.reason).message : undefined),
  };
}

interface Leading {
  /** Absent where there is no election: the process works at once. */
  readonly election?: ElectionOptions | undefined;
  /** Name of the lease, before it is sanitized. */
  readonly lease: string;
  /** Of the client that asks for the lease. */
  readonly connect: () => Promise<KubeClient>;
  readonly late: LatePermit;
  /** Who leads is told at /healthz/leader-election, where upstream's probes ask, and as client-go's metric. */
  readonly metrics?: Pick<Metrics, "health" | "election"> | undefined;
}

/**
 * Starts work once this process leads, and ends it as soon as it no longer does: at once, when the lease is lost; after the
 * work in flight, when the process is told to stop, with the lease kept until then.
 *
 * A process that waits while another leads counts as ready, or no second replica would ever become so.
 */
export async function startLeading(leading: Leading, around: Surroundings, start: Start): Promise<Running> {
  const { election, lease, connect, late, metrics } = leading;
  if (!election) return startGraceful(around, start);
  metrics?.health.live("leader-election", late.lost);
  const { clock, random, log, signal } = around;
  const at = { namespace: election.namespace ?? podNamespace(), name: sanitized(lease) };
  const client = await connect();
  metrics?.election(at.name, late.leads);
  const identity = candidateIdentity(random);
  const events = eventRecorder({ client, component: `${lease}/${identity}`, clock, log, signal });
  const runner = candidate({
    client,
    at,
    identity,
    labels: election.labels,
    timing: election.timing,
    clock,
    random,
    log,
  });
  const { held, won } = campaign(runner, { lease: keyOf(at), identity }, around);
  const led = won.then((term) => {
    late.begin(term);
    const held = runner.lease();
    if (held) events.say(becameLeader(held, identity));
    return lead(runner, { term, releaseOnExit: election.releaseOnExit }, start, around);
  });
  const closing = (ended: Promise<void>) => ended.finally(() => client.close());
  const first = await Promise.race([held, led]);
  if (typeof first !== "string") return { ready: first.ready, ended: closing(first.ended) };
  const ended = led.then(
    (running) => running.ended,
    (error: unknown) => {
      if (!signal.aborted) throw error; // told to stop before it ever led
    },
  );
  return { ready: `candidate for ${keyOf(at)}, which ${first} holds`, ended: closing(ended) };
}

type Start = (around: Surroundings) => Promise<Running>;

/** Works in one term while the lease is kept. `ended` rejects as soon as the lease is lost. */
async function lead(
  runner: Candidate,
  { term, releaseOnExit }: { readonly term: Term; readonly releaseOnExit: boolean },
  start: Start,
  around: Surroundings,
): Promise<Running> {
  const kept = new AbortController();
  const keeping = runner.keep(term, kept.signal);
  const lost = keeping.then(() => new Promise<never>(() => undefined)); // only what it rejects with is of interest
  try {
    const { ready, ended } = await Promise.race([lost, startTerm(term, around, start)]);
    const worked = ended.finally(() => kept.abort());
    const over = Promise.all([keeping, worked]).then(() => (releaseOnExit ? runner.release() : undefined));
    return { ready, ended: over };
  } catch (error) {
    kept.abort();
    throw error;
  }
}

/** Work that is cut off in the moment in which the term is over. */
function startTerm(term: Term, around: Surroundings, start: Start): Promise<Running> {
  return startGraceful(around, (graceful) => {
    const over = new AbortController();
    for (const each of [graceful.signal, term.signal]) onAbort(each, () => over.abort(each.reason));
    return start({ ...graceful, signal: over.signal });
  });
}

/** @returns who holds the lease, as soon as that is somebody else; the term, once we lead */
function campaign(
  runner: Candidate,
  named: { readonly lease: string; readonly identity: string },
  { log, signal }: Surroundings,
): { readonly held: Promise<string>; readonly won: Promise<Term> } {
  let tell: (holder: string) => void = () => undefined;
  const held = new Promise<string>((resolve) => (tell = resolve));
  let known = "";
  const won = runner.campaign(signal, (holder) => {
    if (holder !== known) log.info({ ...named, holder }, "another replica leads");
    known = holder;
    tell(holder);
  });
  return {
    held,
    won: won.then((term) => {
      log.info(named, "this replica leads");
      return term;
    }),
  };
}
