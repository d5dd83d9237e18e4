// Ours and upstream's snapshot-controller and csi-snapshotter, interleaved on one real kube-apiserver, with a scripted
// driver in this process that answers at once. KUBEBUILDER_ASSETS names a folder with kube-apiserver, etcd and upstream's
// programs. UPSTREAM_ROUNDS=3 repeats more often; UPSTREAM_FLAGS=default takes both at their default flags (upstream's
// throttle then leaves only the small cases, but with UPSTREAM_FULL=1); UPSTREAM_CASES="group of 1,500 singles" takes
// some of them; UPSTREAM_JSON=file keeps every sample.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/lib/clock.ts";
import { connect } from "../src/processes/connect.ts";
import { installCrds } from "../src/processes/install.ts";
import { kubeApiserver } from "../src/testing/kube-apiserver.ts";
import { scriptedDriver } from "../src/testing/scripted-driver.ts";
import { spreadOf } from "../src/testing/spread.ts";
import { aShop } from "../test/conformance/shop.ts";
import { boardOf } from "./upstream/board.ts";
import { appOf, begin, type Case, cases, end, isLongByDefault, namespace, singleClaim } from "./upstream/cases.ts";
import { contestants, type RunningContestant, start } from "./upstream/contestants.ts";
import { requestsIn } from "./upstream/requests.ts";

const rounds = Number(process.env.UPSTREAM_ROUNDS ?? 3);
const flags = process.env.UPSTREAM_FLAGS === "default" ? "default" : "raised";
const binaries = process.env.KUBEBUILDER_ASSETS;
if (binaries === undefined)
  throw new Error("set KUBEBUILDER_ASSETS to a folder with kube-apiserver, etcd and upstream's programs");
const asked = process.env.UPSTREAM_CASES?.split(",");
const wanted = cases
  .filter(({ title }) => asked === undefined || asked.includes(title))
  .filter((one) => flags === "raised" || process.env.UPSTREAM_FULL === "1" || !isLongByDefault(one));

const turnsOfRound = wanted.flatMap((one) => Array.from({ length: one.times }, () => one));

/** One contestant through one case. */
interface Sample {
  readonly who: string;
  readonly title: string;
  readonly readyMs: number;
  readonly goneMs: number;
  readonly requestsReady: number;
  readonly requestsGone: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly csiCalls: number;
  readonly memoryMiB: readonly [number, number];
  /** Of controller and sidecar, from creation to gone. */
  readonly cpuMs: number;
}

/** Upstream's 500 singles at its default flags take a quarter of an hour. */
const caseLimitMs = 20 * 60_000;
const folder = mkdtempSync(join(tmpdir(), "gs-upstream-"));
const requests = requestsIn(folder);
const api = await kubeApiserver(binaries, requests.flags);
const driver = await scriptedDriver();
const stopped = new AbortController();
try {
  const client = await connect({ kubeconfig: api.kubeconfigPath, userAgent: "bench" });
  await installCrds(client, systemClock, stopped.signal);
  const place = { binaries, kubeconfig: api.kubeconfigPath, csiAddress: driver.address, folder };
  const shop = await aShop({ ...place, namespace });
  for (const one of cases)
    for (let i = 0; i < one.groups; i++) {
      const names = Array.from({ length: one.members }, (_, member) => `${appOf(one, i)}-${member}`);
      await Promise.all(names.map((name) => shop.claim(name, appOf(one, i))));
    }
  for (let i = 0; i < Math.max(...wanted.map(({ singles }) => singles)); i += 50)
    await Promise.all(Array.from({ length: 50 }, (_, j) => shop.claim(singleClaim(i + j), "singles")));
  const board = await boardOf(client, stopped.signal);
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++)
    for (const contestant of contestants(place, flags)) {
      const running = start(contestant, place);
      try {
        await warmUp(contestant.name, round);
        for (const one of turnsOfRound) {
          const sample = await play(one, contestant, `${round}-${samples.length}`, running);
          samples.push(sample);
          console.error(
            `${sample.who}, ${sample.title}: ${sample.readyMs.toFixed(0)} / ${sample.goneMs.toFixed(0)} ms`,
          );
        }
      } finally {
        await running.stop();
      }
    }
  report(samples);
  shop.close();
  client.close();

  /** Until both processes work: a first group comes and goes, and is not counted. */
  async function warmUp(who: string, round: number): Promise<void> {
    const [first] = cases;
    if (first === undefined) return;
    const at = { client, round: `warm-${who}-${round}` };
    const limit = AbortSignal.timeout(60_000);
    await begin(at, first);
    await board.ready({ groups: 1, snapshots: 1 }, limit);
    await end(at, first);
    await board.empty(limit);
    requests.since(/^/);
  }

  async function play(
    one: Case,
    { name: who, userAgent }: ReturnType<typeof contestants>[number],
    turn: string,
    running: RunningContestant,
  ): Promise<Sample> {
    const at = { client, round: `${who}-${turn}-${one.title.replaceAll(" ", "-")}` };
    const limit = AbortSignal.timeout(caseLimitMs);
    const callsBefore = driver.calls.length;
    const cpuBeforeMs = running.cpuMs();
    const createdMs = performance.now();
    await begin(at, one);
    await board.ready({ groups: one.groups, snapshots: one.groups * one.members + one.singles }, limit);
    const readyMs = performance.now() - createdMs;
    const untilReady = requests.since(userAgent);
    const deletedMs = performance.now();
    await end(at, one);
    await board.empty(limit);
    const goneMs = performance.now() - deletedMs;
    const untilGone = requests.since(userAgent);
    const left = driver.world.snapshots.size;
    if (left > 0) throw new Error(`${who} left ${left} snapshots of ${one.title} on the storage: its figures are void`);
    return {
      who,
      title: one.title,
      readyMs,
      goneMs,
      requestsReady: sumOf(untilReady),
      requestsGone: sumOf(untilGone),
      byKind: Object.fromEntries(untilReady),
      csiCalls: driver.calls.length - callsBefore,
      memoryMiB: running.memory(),
      cpuMs: running.cpuMs() - cpuBeforeMs,
    };
  }
} finally {
  stopped.abort();
  await driver.stop();
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function report(samples: readonly Sample[]): void {
  console.log(`${flags} flags, ${rounds} rounds, interleaved; median (least to most)`);
  for (const { title } of wanted) {
    const of = (who: string) => samples.filter((sample) => sample.who === who && sample.title === title);
    for (const who of ["ours", "upstream"]) {
      const one = of(who);
      const memory = [0, 1].map((i) => Math.max(...one.map(({ memoryMiB }) => memoryMiB[i] ?? 0)).toFixed(0));
      console.log(
        `${title}, ${who}: ready ${spreadOf(
          one.map(({ readyMs }) => readyMs),
          "ms",
        )} with ${one[0]?.requestsReady} requests; ` +
          `gone ${spreadOf(
            one.map(({ goneMs }) => goneMs),
            "ms",
          )} with ${one[0]?.requestsGone}; ` +
          `${one[0]?.csiCalls} CSI calls; ${spreadOf(
            one.map(({ cpuMs }) => cpuMs),
            "ms",
          )} of processor; controller ${memory[0]} MiB, sidecar ${memory[1]} MiB`,
      );
    }
    const ratio = (value: (sample: Sample) => number) =>
      (medianOf(of("upstream").map(value)) / medianOf(of("ours").map(value))).toFixed(1);
    console.log(`${title}: ${ratio((one) => one.readyMs)}x to ready, ${ratio((one) => one.goneMs)}x to gone`);
  }
  if (process.env.UPSTREAM_JSON) writeFileSync(process.env.UPSTREAM_JSON, JSON.stringify(samples, undefined, 2));
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
