import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { silent } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { type ControlledThings, controlledThings, work, writeNote } from "../../testing/controlled-things.ts";
import { refuse, type Thing, things } from "../../testing/history-api.ts";
import type { Cache, Change } from "../cache/cache.ts";
import { cacheOf } from "../cache/cache-of.ts";
import { keyOf } from "../object.ts";
import { watch } from "./controller.ts";
import { again, type EventValue, nothing, onChange } from "./plan.ts";

let all: ControlledThings;

beforeEach(async () => {
  all = await controlledThings();
});
afterEach(() => all.stop());

describe("a controller", () => {
  test("decides about each object once, and then only when something changes", async () => {
    all.api.put("a");
    const decided: string[] = [];
    all.run({
      decide: ({ thing }) => {
        decided.push(`${thing.metadata.name}@${thing.metadata.resourceVersion}`);
        return nothing("Settled");
      },
    });
    await expect.poll(() => decided).toEqual(["a@11"]);
    all.api.put("b");
    await expect.poll(() => decided).toEqual(["a@11", "b@12"]);
    all.api.put("b", { spec: { size: 2 } });
    await expect.poll(() => decided).toEqual(["a@11", "b@12", "b@13"]);
  });

  test("never decides from a cache that has not seen its own write, however late the watch is", async () => {
    all.api.put("a");
    const versions: string[] = [];
    all.run({
      decide: ({ thing }) => {
        versions.push(thing.metadata.resourceVersion);
        return thing.status ? nothing("Settled") : { ...work(thing), next: again };
      },
      act: (action, context) => {
        all.api.heldBack = true;
        return writeNote(action, context);
      },
    });
    await expect.poll(() => all.api.objects.get("demo/a")?.status).toBeDefined();
    await all.api.client.get(things, { namespace: "demo", name: "a" }, { signal: all.signal });
    expect(versions).toEqual(["11"]);
    all.api.heldBack = false;
    await expect.poll(() => versions).toEqual(["11", "12"]);
  });

  test("waits for the tombstone of what it deleted before it looks again", async () => {
    all.api.put("parent");
    all.api.put("child", { spec: { size: 1, parent: "demo/parent" } });
    const seen: (readonly string[])[] = [];
    all.run({
      watches: [watch(all.cache, (thing) => (thing.spec.parent ? [thing.spec.parent] : []))],
      decide: ({ thing }) => {
        if (thing.metadata.name !== "parent") return nothing("NotMine");
        seen.push(all.cache.list().map((each) => each.metadata.name));
        return all.cache.get("demo/child") ? { ...work(thing), next: again } : nothing("Settled");
      },
      act: async (_action, { client, signal }) => {
        await client.delete(things, { namespace: "demo", name: "child" }, { signal });
      },
    });
    await expect.poll(() => seen).toEqual([["parent", "child"], ["parent"]]);
  });

  test("is not woken by another object's change in what does not matter", async () => {
    all.api.put("parent");
    const put = (size: number, parent?: string) => all.api.put("child", { spec: { size, ...(parent && { parent }) } });
    const parentsOf = ({ spec }: Thing) => (spec.parent ? [spec.parent] : []);
    const looks: string[] = [];
    put(1, "demo/parent");
    all.run({
      watches: [watch(all.cache, parentsOf, parentsOf)],
      decide: ({ thing }) => {
        looks.push(`${thing.metadata.name} ${thing.spec.size}`);
        return nothing("Settled");
      },
    });
    put(2, "demo/parent");
    await expect.poll(() => looks).toContain("child 2");
    const ofParent = () => looks.filter((look) => look.startsWith("parent")).length;
    expect(ofParent()).toBe(1);
    put(3);
    await expect.poll(ofParent).toBe(2);
  });

  test("looks again when a change comes in the very moment in which the object is read", async () => {
    const before = all.api.put("a");
    await all.cache.synced(all.signal);
    await expect.poll(() => all.cache.get("demo/a")).toBeDefined();
    const after = { ...before, spec: { size: 2 }, metadata: { ...before.metadata, resourceVersion: "12" } };
    let held = before;
    let tell: (change: Change<Thing>) => void = () => undefined;
    const kind: Cache<Thing> = {
      ...all.cache,
      trouble: undefined,
      unserved: undefined,
      list: () => [held],
      onChange: (listener) => {
        tell = listener;
        return () => undefined;
      },
      get: () => {
        const found = held;
        if (held === before)
          queueMicrotask(() => {
            held = after;
            tell({ type: "updated", object: after, old: before });
          });
        return found;
      },
    };
    const sizes: number[] = [];
    all.run({
      kind,
      decide: ({ thing }) => {
        sizes.push(thing.spec.size);
        return nothing("Settled");
      },
    });
    await expect.poll(() => sizes).toEqual([1, 2]);
  });

  test("says an event once for as long as it does not change its mind", async () => {
    all.api.put("a");
    const said: string[] = [];
    const looked: number[] = [];
    const events = {
      say: (event: EventValue) => {
        said.push(`${event.reason} ${event.message}`);
      },
      quiet: () => Promise.resolve(),
    };
    all.run(
      {
        decide: ({ thing }) => {
          looked.push(thing.spec.size);
          const reason = thing.spec.size < 10 ? "TooSmall" : "Fits";
          const message = thing.spec.size < 10 ? "it is too small" : "it fits";
          return { reason, steps: [], next: onChange, events: [{ type: "Normal", reason, message, regarding: thing }] };
        },
      },
      { events },
    );
    for (const size of [1, 2, 3, 11, 12, 4]) {
      all.api.put("a", { spec: { size } });
      await expect.poll(() => looked.at(-1)).toBe(size);
    }
    expect(said).toEqual(["TooSmall it is too small", "Fits it fits", "TooSmall it is too small"]);
  });

  test("gives each key to one worker at a time, and different keys side by side", async () => {
    for (let i = 0; i < 5; i++) all.api.put(`t${i}`);
    const busy = new Set<string>();
    let overlaps = 0;
    let most = 0;
    const release = new Set<() => void>();
    all.run({
      decide: ({ thing }) => work(thing),
      act: async ({ thing }) => {
        const key = keyOf(thing.metadata);
        if (busy.has(key)) overlaps++;
        busy.add(key);
        most = Math.max(most, busy.size);
        await new Promise<void>((resolve) => release.add(resolve));
        busy.delete(key);
      },
    });
    await expect.poll(() => busy.size).toBe(5);
    for (let i = 0; i < 5; i++) all.api.put(`t${i}`, { spec: { size: 2 } });
    await expect.poll(() => all.cache.get("demo/t4")?.spec.size).toBe(2);
    expect([overlaps, most]).toEqual([0, 5]);
    for (let round = 0; round < 2; round++) {
      await expect.poll(() => busy.size).toBe(5);
      for (const let_go of release) let_go();
      release.clear();
      await expect.poll(() => release.size + busy.size === 10 || busy.size === 0).toBe(true);
    }
    expect(overlaps).toBe(0);
  });

  test("carries out the actions of one step side by side, steps in order, and ends the plan at the first failure", async () => {
    all.api.put("a");
    const log: string[] = [];
    all.run({
      decide: ({ thing }) => ({
        reason: "Work",
        next: onChange,
        steps: [
          [
            { do: "first", thing },
            { do: "second", thing },
          ],
          [
            { do: "bad", thing },
            { do: "third", thing },
          ],
          [{ do: "never", thing }],
        ],
      }),
      act: async (action) => {
        log.push(`${action.do} begins`);
        await new Promise(setImmediate);
        if (action.do === "bad") throw new Failure("internal", "it broke");
        log.push(`${action.do} ends`);
      },
      onFailure: (_seen, { action, attempts }) => {
        log.push(`${action} failed ${attempts}`);
        return nothing("Failed");
      },
    });
    await expect.poll(() => log.at(-1)).toBe("bad failed 1");
    expect(log).toEqual([
      "first begins",
      "second begins",
      "first ends",
      "second ends",
      "bad begins",
      "third begins",
      "third ends",
      "bad failed 1",
    ]);
  });

  test("is not ended by a reconciler that throws, and comes back to that key later", async () => {
    all.api.put("a");
    all.api.put("b");
    let thrown = 0;
    const settledKeys: string[] = [];
    all.run({
      decide: ({ thing }) => {
        if (thing.metadata.name === "a" && thrown < 3) {
          thrown++;
          throw new TypeError("cannot read properties of undefined");
        }
        settledKeys.push(thing.metadata.name);
        return nothing("Settled");
      },
    });
    await expect.poll(() => settledKeys).toEqual(["b"]);
    expect(thrown).toBe(1);
    await all.clock.advance(10_000);
    expect([thrown, settledKeys]).toEqual([3, ["b", "a"]]);
  });

  test("ends when it is told to: running actions get the signal, and nothing new begins", async () => {
    all.api.put("a");
    let begun = 0;
    all.run({
      decide: ({ thing }) => work(thing),
      act: (_action, { signal }) => {
        begun++;
        return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    await expect.poll(() => begun).toBe(1);
    await all.stop();
    expect(begun).toBe(1);
  });

  test("waits for a cache whose kind is not served, and begins when it is there", async () => {
    all.api.fault = (_request, response) => {
      refuse(response, 404, "NotFound");
      return true;
    };
    const late = cacheOf({
      client: all.api.client,
      resource: things,
      clock: systemClock,
      random: systemRandom,
      log: silent,
    });
    const following = late.run(all.signal);
    await expect.poll(() => late.trouble).toBeDefined();
    let decided = 0;
    all.run({
      kind: late,
      decide: () => {
        decided++;
        return nothing("Settled");
      },
    });
    expect(decided).toBe(0);
    all.api.fault = undefined;
    all.api.put("a");
    await expect.poll(() => decided, { timeout: 5_000 }).toBe(1);
    await all.stop();
    await following;
  });
});
