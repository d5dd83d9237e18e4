import { expect, test } from "vitest";
import { type Clock, systemClock } from "../lib/clock.ts";
import { silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { atRest } from "../testing/controlled-things.ts";
import { type HistoryApi, historyApi, refuse, type Thing, things } from "../testing/history-api.ts";
import { cacheOf } from "./cache/cache-of.ts";
import type { Reconciler } from "./controller/controller.ts";
import { nothing, onChange } from "./controller/plan.ts";
import { runController } from "./controller/run-controller.ts";

/** Time that passes fifty times as fast, for waiting only: what takes the machine a moment still does. */
const fast: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 50, signal) };
const hurried: Clock = { ...fast, monotonicMs: () => systemClock.monotonicMs() * 50 };

/** Numbers that look random and are the same for the same seed. */
const seeded = (seed: number) => {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
};

/** The status repeats the size: one write for each change, and none where nothing changed. */
const copying = (kind: Reconciler<Thing, Thing, Thing>["kind"]): Reconciler<Thing, Thing, Thing> => ({
  name: "copying",
  kind,
  watches: [],
  observe: (thing) => thing,
  decide: (thing) =>
    thing.status?.note === String(thing.spec.size)
      ? nothing("Copied")
      : { reason: "Copy", steps: [[thing]], next: onChange },
  act: async (thing, { client, signal }) => {
    await client.updateStatus(things, { ...thing, status: { note: String(thing.spec.size) } }, { signal });
  },
  onFailure: () => nothing("Failed"),
  factsOf: (thing) => thing.spec,
});

const storm = (api: HistoryApi, chance: () => number) => {
  api.fault = (request, response) => {
    const dice = chance();
    if (dice < 0.1) refuse(response, 503, "ServiceUnavailable");
    else if (dice < 0.15) refuse(response, 500, "InternalError");
    else if (dice < 0.2 && request.method === "PUT") refuse(response, 409, "Conflict");
    else if (dice < 0.25) response.destroy();
    else return false;
    return true;
  };
};

test.each([1, 2, 3])(
  "after a storm of faults every object is as it should be, and nothing is written any more (seed %i)",
  async (seed) => {
    const chance = seeded(seed);
    const api = await historyApi();
    const stop = new AbortController();
    const around = { client: api.client, random: systemRandom, log: silent };
    const cache = cacheOf({ ...around, resource: things, clock: hurried });
    const running = [
      cache.run(stop.signal),
      runController(copying(cache), { ...around, clock: hurried, signal: stop.signal }),
    ];
    storm(api, chance);
    for (let turn = 0; turn < 150; turn++) {
      const name = `t${Math.floor(chance() * 10)}`;
      const dice = chance();
      if (dice < 0.1) api.remove(name);
      else api.put(name, { spec: { size: turn } });
      if (dice > 0.93) api.cutWatches();
      if (dice > 0.97) api.compact();
      if (dice > 0.98) api.say("nonsense\n");
      await api.client.list(things, { signal: stop.signal }).catch(() => undefined); // as long as a request takes, or fails
    }
    api.fault = undefined;
    const wrong = () => [...api.objects.values()].filter((thing) => thing.status?.note !== String(thing.spec.size));
    await expect.poll(wrong, { timeout: 10_000 }).toEqual([]);
    await expect
      .poll(() =>
        cache
          .list()
          .map((thing) => thing.metadata.resourceVersion)
          .sort(),
      )
      .toEqual([...api.objects.values()].map((thing) => thing.metadata.resourceVersion).sort());
    const writes = () => api.asked.filter((each) => each.method === "PUT").length;
    const before = writes();
    await atRest(() => api.asked.length);
    expect(writes()).toBe(before);
    stop.abort();
    await Promise.all(running);
    api.close();
  },
);
