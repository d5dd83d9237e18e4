import { describe, expect, test } from "vitest";
import { bounded, defaultRetry, failed, freshMemory, isHeld, lostRace, succeeded, tryEarly } from "./memory.ts";
import { onChange } from "./plan.ts";

const random = { next: () => 0, uuid: () => "" };
const failAt = (memory: ReturnType<typeof freshMemory>, nowMs: number, facts = "facts", early = false) =>
  failed(memory, { nowMs, random, early, facts, range: defaultRetry, floorMs: 0 });

describe("what the loop remembers of a key", () => {
  test("waits double from a second to five minutes, with up to a quarter more by chance", () => {
    const memory = freshMemory("uid");
    const waits = Array.from({ length: 10 }, () => failAt(memory, 0));
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300].map((seconds) => seconds * 1000));
    const unlucky = {
      nowMs: 0,
      random: { next: () => 0.999, uuid: () => "" },
      early: false,
      facts: "facts",
      range: defaultRetry,
      floorMs: 0,
    };
    expect(failed(freshMemory("uid"), unlucky)).toBeCloseTo(1_249.75);
  });

  test("a mark that is written before each failing call does not start backoff anew", () => {
    const memory = freshMemory("uid");
    const marked = { next: onChange, isIdle: false, factsOf: () => "facts", nowMs: 0, random, early: false };
    const waits = [1, 2, 3].map(() => {
      succeeded(memory, marked);
      return failAt(memory, 0);
    });
    expect(waits).toEqual([1_000, 2_000, 4_000]);
    succeeded(memory, { ...marked, factsOf: () => "others" });
    expect(failAt(memory, 0)).toBe(1_000);
  });

  test("a key with nothing left to do forgets its failures, and so does one that failed long ago", () => {
    const memory = freshMemory("uid");
    failAt(memory, 0);
    succeeded(memory, { next: onChange, isIdle: true, factsOf: () => "facts", nowMs: 0, random, early: false });
    expect(failAt(memory, 1_000)).toBe(1_000);
    failAt(memory, 2_000);
    expect(failAt(memory, 10_000_000)).toBe(1_000);
  });

  test("tries made early do not lengthen the wait, and are counted until one is due", () => {
    const memory = freshMemory("uid");
    failAt(memory, 0);
    const tries = Array.from({ length: 7 }, (_, i) => {
      const early = isHeld(memory, 1) && tryEarly(memory, () => `facts ${i}`);
      return early ? failAt(memory, 1, `facts ${i}`, true) : undefined;
    });
    expect(tries).toEqual([1_000, 1_000, 1_000, 1_000, 1_000, undefined, undefined]);
    expect(isHeld(memory, 1_001)).toBe(false);
    failAt(memory, 1_001);
    expect(isHeld(memory, 1_002) && tryEarly(memory, () => "new facts")).toBe(true);
  });

  test("a plan that wants to be followed in no time, or in no number of milliseconds, is counted as one to follow at once", () => {
    const memory = freshMemory("uid");
    const moment = { isIdle: true, factsOf: () => "facts", nowMs: 0, random, early: false };
    const wakes = Array.from({ length: 22 }, (_, i) =>
      succeeded(memory, { ...moment, next: { when: "later", delayMs: i % 2 === 0 ? 0 : Number.NaN } }),
    );
    expect(wakes[19]).toEqual({ when: "now" });
    expect(wakes.slice(20)).toEqual([
      { when: "after", delayMs: 1_000 },
      { when: "after", delayMs: 2_000 },
    ]);
  });

  test("the sixth lost race in a row is a failure", () => {
    const memory = freshMemory("uid");
    expect(Array.from({ length: 6 }, () => lostRace(memory, random))).toEqual([10, 20, 40, 80, 160, undefined]);
  });
});

test.each([
  ["nothing", {}, { startMs: 1_000, capMs: 300_000 }, { startMs: 1_000, capMs: 60_000 }],
  ["a longer start", { startMs: 5_000 }, { startMs: 5_000, capMs: 300_000 }, { startMs: 5_000, capMs: 60_000 }],
  ["a lower limit", { maxMs: 10_000 }, { startMs: 1_000, capMs: 10_000 }, { startMs: 1_000, capMs: 10_000 }],
  ["a higher limit", { maxMs: 900_000 }, { startMs: 1_000, capMs: 900_000 }, { startMs: 1_000, capMs: 60_000 }],
  ["a limit below the start", { maxMs: 200 }, { startMs: 200, capMs: 200 }, { startMs: 200, capMs: 200 }],
])(
  "a user who wants %s of the waits after failures gets it, for refusals and for what may pass",
  (_title, bounds, refusal, passing) => {
    expect(bounded(defaultRetry, bounds)).toEqual(refusal);
    expect(bounded({ startMs: 1_000, capMs: 60_000 }, bounds)).toEqual(passing);
  },
);
