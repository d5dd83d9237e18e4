import type { Cache } from "../kube/cache/cache.ts";
import { cacheOf } from "../kube/cache/cache-of.ts";
import type { Reconciler } from "../kube/controller/controller.ts";
import { type Next, nothing, onChange, type Plan } from "../kube/controller/plan.ts";
import { type ControllerDeps, runController } from "../kube/controller/run-controller.ts";
import { systemClock } from "../lib/clock.ts";
import { silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { type HistoryApi, historyApi, type Thing, things } from "./history-api.ts";
import { type SimulatedClock, simulatedClock } from "./simulated-clock.ts";

interface SeenThing {
  readonly thing: Thing;
}
export interface ThingAction {
  readonly do: string;
  readonly thing: Thing;
}
type ThingReconciler = Reconciler<Thing, SeenThing, ThingAction>;

/** A controller of things, under simulated time, beside a server and a cache that are real. */
export interface ControlledThings {
  readonly api: HistoryApi;
  readonly cache: Cache<Thing>;
  readonly clock: SimulatedClock;
  /** Starts a controller: what is not given does nothing. */
  run(parts: Partial<ThingReconciler>, deps?: Partial<ControllerDeps>): void;
  /** Ends controllers and caches, and waits until they have. */
  stop(): Promise<void>;
  readonly signal: AbortSignal;
}

export async function controlledThings(): Promise<ControlledThings> {
  const api = await historyApi();
  const stop = new AbortController();
  const clock = simulatedClock();
  const cache = cacheOf({
    client: api.client,
    resource: things,
    clock: systemClock,
    random: systemRandom,
    log: silent,
  });
  const running = [cache.run(stop.signal)];
  const idle: ThingReconciler = {
    name: "things",
    kind: cache,
    watches: [],
    observe: (thing) => ({ thing }),
    decide: () => nothing("Settled"),
    act: () => Promise.resolve(),
    onFailure: () => nothing("Failed"),
    factsOf: ({ thing }) => thing.spec,
  };
  const random = { next: () => 0, uuid: () => "" };
  const deps = { client: api.client, clock, random, log: silent, signal: stop.signal };
  return {
    api,
    cache,
    clock,
    signal: stop.signal,
    run: (parts, more = {}) => {
      running.push(runController({ ...idle, ...parts }, { ...deps, ...more }));
    },
    async stop() {
      stop.abort();
      await Promise.all(running);
      api.close();
    },
  };
}

/** A plan of one action on a thing. */
export function work(thing: Thing, next: Next = onChange): Plan<ThingAction> {
  return { reason: "Work", steps: [[{ do: "work", thing }]], next };
}

let notes = 0;

/** Writes a status that differs from every other. */
export const writeNote: ThingReconciler["act"] = async ({ thing }, { client, signal }) => {
  await client.updateStatus(things, { ...thing, status: { note: `note ${++notes}` } }, { signal });
};

/** How long nothing has to happen before a test believes that nothing will: requests here take a millisecond or two. */
const quietMs = 30;

/** Resolves when what `count` counts has come to rest. */
export async function atRest(count: () => unknown): Promise<void> {
  for (let before: unknown = Symbol("nothing yet"); ; ) {
    const now = count();
    if (now === before) return;
    before = now;
    await systemClock.sleep(quietMs, new AbortController().signal);
  }
}
