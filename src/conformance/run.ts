import { failureOf } from "../lib/failure.ts";
import { type Claim, cleanUp, identity, type Verdict } from "./check.ts";
import { checks } from "./checks.ts";
import { within } from "./lab.ts";
import { type Offer, obstacleTo, offerOf } from "./offer.ts";
import { openLab } from "./open-lab.ts";
import type { Report, Result } from "./report.ts";
import type { RunOptions } from "./run-options.ts";

/** Makes every check of a driver, and takes away what was made for it. What goes wrong is in the report, never thrown. */
export async function runConformance(options: RunOptions): Promise<Report> {
  const { csi, clock, signal, callTimeoutMs } = options;
  const startedAt = clock.now();
  const results: Result[] = [];
  const add = (result: Result) => {
    results.push(result);
    options.onResult?.(result);
  };
  let offer: Offer | undefined;
  const ask = async () => {
    const call = { signal, timeoutMs: callTimeoutMs };
    offer = await offerOf(csi, call);
    const { ready } = await csi.identity.probe({}, call);
    return { violations: ready === false ? ["the driver says that it is not ready"] : [] };
  };
  add(await resultOf(options, identity, ask));
  await runChecks(options, offer, add);
  const { driver = "", version = "" } = offer ?? {};
  return { endpoint: csi.address, driver, driverVersion: version, startedAt, results };
}

type Add = (result: Result) => void;

async function runChecks(options: RunOptions, offer: Offer | undefined, add: Add): Promise<void> {
  const wanted = options.checks ?? checks;
  if (offer === undefined) {
    for (const check of wanted) add(skipped(check, "not run: what the driver offers is not known"));
    return;
  }
  const { lab, close } = openLab(options, offer);
  let stop: string | undefined;
  for (const check of wanted) {
    const obstacle = stop ?? (options.signal.aborted ? wasStopped : obstacleTo(check.needs, offer));
    const result =
      obstacle === undefined ? await resultOf(options, check, () => within(lab, check.run)) : skipped(check, obstacle);
    add(result);
    if (result.outcome === "failed" && !options.keepGoing)
      stop ??= `not run, because ${check.name} failed; --keep-going runs all checks`;
  }
  add(
    await resultOf({ ...options, signal: options.cleaningSignal }, cleanUp, async () => ({
      violations: await close(),
    })),
  );
}

const wasStopped = "not run to its end: the run was stopped";

type Around = Pick<RunOptions, "clock" | "signal">;

async function resultOf({ clock, signal }: Around, claim: Claim, work: () => Promise<Verdict>): Promise<Result> {
  const startedMs = clock.monotonicMs();
  const verdict = await work().catch((error: unknown): Verdict => {
    if (signal.aborted) return { cannotTell: wasStopped };
    return { violations: [failureOf(error).message] };
  });
  const tookMs = Math.round(clock.monotonicMs() - startedMs);
  const { name, claim: wanted, spec } = claim;
  const about = { name, claim: wanted, spec, tookMs };
  if ("cannotTell" in verdict) return { ...about, outcome: "skipped", reasons: [verdict.cannotTell], notes: [] };
  const { violations, notes = [] } = verdict;
  return { ...about, outcome: violations.length === 0 ? "passed" : "failed", reasons: someOf(violations), notes };
}

/** Of a copy that lost everything each slot is wrong; these say it as well. */
const saidLimit = 20;

const someOf = (violations: readonly string[]) =>
  violations.length <= saidLimit
    ? violations
    : [...violations.slice(0, saidLimit), `and ${violations.length - saidLimit} more`];

const skipped = ({ name, claim, spec }: Claim, reason: string): Result => ({
  name,
  claim,
  spec,
  outcome: "skipped",
  reasons: [reason],
  notes: [],
  tookMs: 0,
});
