import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { silent } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { type HistoryApi, historyApi, refuse, type Thing, things } from "../../testing/history-api.ts";
import type { Cache } from "./cache.ts";
import { type CacheOptions, cacheOf } from "./cache-of.ts";

let api: HistoryApi;
let cache: Cache<Thing>;
let stop: AbortController;
let running: Promise<void>;
let changes: string[];

/** A hundred times faster than the machine's clock where waiting is concerned. */
const impatient = { ...systemClock, sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(ms / 100, signal) };

const start = (options: Partial<CacheOptions<Thing>> = {}) => {
  const indexes = { bySize: (thing: Thing) => [String(thing.spec.size)] };
  cache = cacheOf({
    client: api.client,
    resource: things,
    indexes,
    clock: systemClock,
    random: systemRandom,
    log: silent,
    ...options,
  });
  cache.onChange((change) => {
    const held = cache.get(`demo/${change.object.metadata.name}`)?.metadata.resourceVersion ?? "-";
    changes.push(`${change.type} ${change.object.metadata.name} holds ${held}`);
  });
  running = cache.run(stop.signal);
  return cache.synced(stop.signal);
};
const names = () =>
  cache
    .list()
    .map((thing) => thing.metadata.name)
    .sort();
const lists = () => api.asked.filter((each) => each.method === "GET" && !each.query.get("watch")).length;
const watches = () => api.asked.filter((each) => each.query.get("watch")).length;

beforeEach(async () => {
  api = await historyApi();
  stop = new AbortController();
  changes = [];
});
afterEach(async () => {
  stop.abort();
  await running;
  api.close();
});

describe("a cache", () => {
  test("holds what the server holds, tells of each change after it holds it, and files it under its indexes", async () => {
    api.put("a");
    await start();
    api.put("b", { spec: { size: 7 } });
    api.put("b", { spec: { size: 8 } });
    await expect.poll(() => cache.by("bySize", "8").length).toBe(1);
    expect(cache.by("bySize", "7")).toEqual([]);
    expect(cache.list("demo")).toHaveLength(2);
    expect(cache.list("elsewhere")).toEqual([]);
    api.remove("a");
    await expect.poll(names).toEqual(["b"]);
    expect(changes).toEqual(["added a holds 11", "added b holds 12", "updated b holds 13", "removed a holds -"]);
    expect(() => cache.by("byColour", "red")).toThrow('no index "byColour"');
  });

  test("resumes a watch that ended, from where it was, without another list", async () => {
    api.put("a");
    await start();
    await expect.poll(() => api.watchers).toBe(1);
    api.endWatches();
    api.put("b");
    await expect.poll(names).toEqual(["a", "b"]);
    expect([lists(), watches()]).toEqual([1, 2]);
  });

  test("loses and repeats nothing while its watch is cut again and again", async () => {
    await start({ clock: impatient });
    for (let i = 0; i < 20; i++) {
      await expect.poll(() => api.watchers, { timeout: 10_000 }).toBe(1);
      api.put(`before-${i}`);
      api.cutWatches();
      api.put(`after-${i}`);
    }
    await expect.poll(() => cache.list().length, { timeout: 10_000 }).toBe(40);
    expect(changes.filter((each) => each.startsWith("added"))).toHaveLength(40);
    expect(lists()).toBe(1);
  });

  test("does not run hot when the server ends each watch at once", async () => {
    await start();
    api.fault = (request, response) => Boolean(request.query.get("watch") && response.end());
    api.cutWatches();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(watches()).toBeLessThan(8);
  });

  test("lists again after 410, and finds what was removed meanwhile", async () => {
    api.put("a");
    api.put("b");
    await start();
    await expect.poll(() => api.watchers).toBe(1);
    api.heldBack = true;
    api.remove("a");
    api.put("c");
    api.compact();
    api.heldBack = false;
    api.cutWatches();
    await expect.poll(names).toEqual(["b", "c"]);
    expect(changes.slice(2)).toEqual(["removed a holds -", "added c holds 14"]);
    expect(lists()).toBe(2);
  });

  test.each([
    ["a line that is no JSON", "nonsense\n"],
    ["a version that goes back", '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"3"}}}\n'],
    ["a version that is no number", '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"x"}}}\n'],
    ["an error of the server", '{"type":"ERROR","object":{"kind":"Status","code":500}}\n'],
  ])("lists again when the watch says %s", async (_name, line) => {
    await start();
    await expect.poll(() => api.watchers).toBe(1);
    api.say(line);
    await expect.poll(lists).toBe(2);
    api.put("a");
    await expect.poll(names).toEqual(["a"]);
  });

  test("an object that was deleted and made again under its name is told as both", async () => {
    api.put("a");
    await start();
    await expect.poll(() => api.watchers).toBe(1);
    api.heldBack = true;
    api.remove("a");
    api.put("a");
    api.compact();
    api.heldBack = false;
    api.cutWatches();
    await expect.poll(() => changes.length).toBe(3);
    expect(changes.slice(1)).toEqual(
      ["removed a holds -", "added a holds 13"].map((each) => expect.stringContaining(each.slice(0, 7))),
    );
  });

  test("says why while its kind is not served, and heals without a restart", async () => {
    api.put("a");
    api.fault = (_request, response) => {
      refuse(response, 404, "NotFound");
      return true;
    };
    const synced = start();
    await expect.poll(() => cache.trouble).toMatch(/things.example.com is not served by the cluster/);
    api.fault = undefined;
    await synced;
    expect(cache.trouble).toBeUndefined();
    expect(names()).toEqual(["a"]);
  });

  test("names the versions that are served instead of the one that is needed, and is asked at least as often as told", async () => {
    const told: unknown[] = [];
    const served: Readonly<Record<string, object>> = {
      "/apis/example.com": { versions: [{ version: "v1" }, { version: "v1beta1" }, { version: "v1beta2" }] },
      "/apis/example.com/v1": { resources: [{ name: "others" }] },
      "/apis/example.com/v1beta1": { resources: [{ name: "others" }, { name: "things" }] },
      "/apis/example.com/v1beta2": { resources: [{ name: "things" }, { name: "things/status" }] },
    };
    let isServed = false;
    api.fault = (request, response) => {
      const discovered = served[request.path];
      if (discovered) response.end(JSON.stringify(discovered));
      else if (isServed) return false;
      else refuse(response, 404, "NotFound");
      return true;
    };
    const synced = start({ unservedRetryMs: 10, onTrouble: (trouble) => void told.push(trouble) });
    const why = /^things.example.com is served in v1beta1, v1beta2 only, and v1 is needed: install a newer CustomRes/;
    await expect.poll(() => cache.unserved).toMatch(why);
    const before = lists();
    await expect.poll(lists).toBeGreaterThan(before + 5);
    isServed = true;
    await synced;
    expect(told).toEqual([{ message: expect.stringMatching(why), unserved: true }, undefined]);
  });

  test("takes a kind for unserved until it has been read, also while the server is not well", async () => {
    let code = 404;
    api.fault = (_request, response) => {
      refuse(response, code, code === 404 ? "NotFound" : "ServiceUnavailable");
      return true;
    };
    await start({ optional: true, unservedRetryMs: 10 });
    code = 503;
    await expect.poll(() => cache.unserved).toMatch(/503 ServiceUnavailable/);
    api.fault = undefined;
    await expect.poll(() => cache.unserved, { timeout: 5_000 }).toBeUndefined();
  });

  test("does not call a kind unserved that it may not read", async () => {
    api.fault = (_request, response) => {
      refuse(response, 403, "Forbidden");
      return true;
    };
    const synced = start();
    await expect.poll(() => cache.trouble).toMatch(/grant list and watch on things.example.com/);
    expect(cache.unserved).toBeUndefined();
    api.fault = undefined;
    await synced;
  });

  test("of an optional kind that is not served counts as synced, and empty", async () => {
    api.fault = (_request, response) => {
      refuse(response, 404, "NotFound");
      return true;
    };
    await start({ optional: true });
    expect(cache.list()).toEqual([]);
    expect(cache.trouble).toMatch(/not served/);
  });
});

describe("waiting for our own writes", () => {
  test("ends when the cache has seen the version, and not before", async () => {
    await start();
    await expect.poll(() => api.watchers).toBe(1);
    api.heldBack = true;
    const { resourceVersion } = api.put("a").metadata;
    let seen = false;
    const waiting = cache.hasSeen({ key: "demo/a", resourceVersion }, stop.signal).then(() => {
      seen = cache.get("demo/a") !== undefined;
    });
    await api.client.get(things, { namespace: "demo", name: "a" }, { signal: stop.signal });
    expect(seen).toBe(false);
    api.heldBack = false;
    await waiting;
    expect(seen).toBe(true);
  });

  test("ends by a bookmark, and by the tombstone of what is gone", async () => {
    const { uid } = api.put("a").metadata;
    await start();
    await expect.poll(() => api.watchers).toBe(1);
    const bookmark = cache.hasSeen({ key: "demo/elsewhere", resourceVersion: "99" }, stop.signal);
    const gone = cache.hasSeen({ key: "demo/a", goneUid: uid }, stop.signal);
    api.remove("a");
    await gone;
    expect(cache.get("demo/a")).toBeUndefined();
    api.say('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"100"}}}\n');
    await bookmark;
  });

  test("ends by the next list for an object that came and went unseen", async () => {
    await start();
    await expect.poll(() => api.watchers).toBe(1);
    api.heldBack = true;
    const { uid } = api.put("a").metadata;
    api.remove("a");
    const gone = cache.hasSeen({ key: "demo/a", goneUid: uid }, stop.signal);
    api.compact();
    api.heldBack = false;
    api.cutWatches();
    await gone;
    expect(cache.list()).toEqual([]);
  });

  test("makes the cache list again when its watch stays silent", async () => {
    const impatient = {
      ...systemClock,
      sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(ms / 100, signal),
    };
    await start({ clock: impatient });
    await expect.poll(() => api.watchers).toBe(1);
    api.heldBack = true;
    const { resourceVersion } = api.put("a").metadata;
    await cache.hasSeen({ key: "demo/a", resourceVersion }, stop.signal);
    expect(names()).toEqual(["a"]);
    expect(lists()).toBe(2);
  });

  test("is given up with its signal", async () => {
    await start();
    const reason = new Error("enough");
    await expect(cache.hasSeen({ key: "demo/a", resourceVersion: "99" }, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
  });
});
