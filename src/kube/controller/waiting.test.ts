import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure } from "../../lib/failure.ts";
import { atRest, type ControlledThings, controlledThings, work, writeNote } from "../../testing/controlled-things.ts";
import { again, nothing } from "./plan.ts";

let all: ControlledThings;

beforeEach(async () => {
  all = await controlledThings();
});
afterEach(() => all.stop());

describe("backoff", () => {
  const refused = new Failure("invalid", "the driver refuses");

  test("an attempt that fails for good is made 6 times in the first minute, then every 5 minutes, though its own status writes wake it", async () => {
    all.api.put("a");
    let calls = 0;
    all.run({
      decide: ({ thing }) => ({ ...work(thing), steps: [[{ do: "write", thing }], [{ do: "call", thing }]] }),
      act: async (action, context) => {
        if (action.do === "write") return writeNote(action, context);
        calls++;
        throw refused;
      },
      onFailure: ({ thing }) => ({ ...work(thing), steps: [[{ do: "write", thing }]] }),
    });
    await expect.poll(() => calls).toBe(1);
    const pass = async (seconds: readonly number[]) => {
      for (const each of seconds) {
        await all.clock.advance(each * 1_000);
        await atRest(() => all.api.asked.length);
      }
    };
    await atRest(() => all.api.asked.length);
    await pass([1, 2, 4, 8, 16, 10, 10, 9]);
    expect(calls).toBe(6);
    await pass([3, 64, 128, ...Array.from({ length: 11 }, () => 300)]);
    expect(calls).toBe(6 + 3 + 11); // at 63, 127 and 255 s, then every 300 s
  });

  test("a fact that changed is tried at once, five times, and then the wait holds again", async () => {
    all.api.put("a");
    let calls = 0;
    all.run({
      decide: ({ thing }) => work(thing),
      act: () => {
        calls++;
        return Promise.reject(refused);
      },
    });
    await expect.poll(() => calls).toBe(1);
    for (let size = 2; size < 10; size++) {
      all.api.put("a", { spec: { size } });
      await atRest(() => `${calls} ${all.cache.get("demo/a")?.spec.size}`);
    }
    expect(calls).toBe(6);
    await all.clock.advance(1_000);
    expect(calls).toBe(7);
  });

  test("a fact that did not change waits, and so does one that nobody asked about", async () => {
    all.api.put("a");
    let calls = 0;
    all.run({
      decide: ({ thing }) => work(thing),
      act: () => {
        calls++;
        return Promise.reject(refused);
      },
    });
    await expect.poll(() => calls).toBe(1);
    all.api.put("a", { labels: { colour: "red" } });
    await expect.poll(() => all.cache.get("demo/a")?.metadata.labels).toBeDefined();
    await atRest(() => calls);
    expect(calls).toBe(1);
  });

  test("the server's wish to be left alone is a floor", async () => {
    all.api.put("a");
    let calls = 0;
    all.run({
      decide: ({ thing }) => work(thing),
      act: () => {
        calls++;
        return Promise.reject(new Failure("exhausted", "busy", { retryAfterMs: 40_000 }));
      },
    });
    await expect.poll(() => calls).toBe(1);
    await all.clock.advance(39_000);
    expect(calls).toBe(1);
    await all.clock.advance(1_000);
    expect(calls).toBe(2);
  });

  test("a write that lost a race is decided anew at once, without telling of a failure", async () => {
    all.api.put("a");
    let tries = 0;
    let failures = 0;
    all.run({
      decide: ({ thing }) => (thing.status ? nothing("Settled") : work(thing)),
      act: async (action, context) => {
        if (++tries === 1) all.api.put("a", { spec: { size: 5 } });
        await writeNote(action, context);
      },
      onFailure: () => {
        failures++;
        return nothing("Failed");
      },
    });
    await expect.poll(() => all.api.objects.get("demo/a")?.status).toBeDefined();
    expect(tries).toBeGreaterThan(1);
    expect(failures).toBe(0);
  });

  test("a failure is shown from what is there after the writes of the plan that failed", async () => {
    all.api.put("a");
    all.run({
      decide: ({ thing }) => ({ ...work(thing), steps: [[{ do: "write", thing }], [{ do: "call", thing }]] }),
      act: async (action, context) => {
        if (action.do === "call") throw refused;
        await writeNote(action, context);
      },
      onFailure: ({ thing }, { failure }) => ({
        ...work(thing),
        steps: [[{ do: "write", thing: { ...thing, spec: { size: 1, parent: failure.message } } }]],
      }),
    });
    await expect
      .poll(() => all.api.asked.filter((each) => each.method === "PUT" && each.body.includes("refuses")).length)
      .toBe(1);
    expect(all.api.objects.get("demo/a")?.metadata.resourceVersion).toBe("13");
  });
});

describe("what a plan wants next", () => {
  test("a poll grows from a second to its cap, and starts anew when facts change", async () => {
    all.api.put("a");
    const at: number[] = [];
    all.run({
      decide: ({ thing }) => work(thing, { when: "poll", capMs: 8_000 }),
      act: () => {
        at.push(all.clock.monotonicMs());
        return Promise.resolve();
      },
    });
    await expect.poll(() => at.length).toBe(1);
    await all.clock.advance(30_000);
    expect(at).toEqual([0, 1_000, 3_000, 7_000, 15_000, 23_000]);
    all.api.put("a", { spec: { size: 2 } });
    await expect.poll(() => at.length).toBe(7);
    await all.clock.advance(1_000);
    expect(at.length).toBe(8);
  });

  test("later looks again after its delay, and any change before it is looked at at once", async () => {
    all.api.put("a");
    let looks = 0;
    all.run({
      decide: () => {
        looks++;
        return { reason: "Wait", steps: [], next: { when: "later", delayMs: 60_000 } };
      },
    });
    await expect.poll(() => looks).toBe(1);
    await all.clock.advance(59_000);
    expect(looks).toBe(1);
    await all.clock.advance(1_000);
    expect(looks).toBe(2);
    all.api.put("a", { spec: { size: 2 } });
    await expect.poll(() => looks).toBe(3);
  });

  test("a plan that wants to be followed at once for ever is slowed down", async () => {
    all.api.put("a");
    let looks = 0;
    all.run({
      decide: () => {
        looks++;
        return { reason: "Spin", steps: [], next: again };
      },
    });
    await atRest(() => looks);
    expect(looks).toBe(21);
    await all.clock.advance(60_000);
    expect(looks).toBeLessThan(30);
  });
});
