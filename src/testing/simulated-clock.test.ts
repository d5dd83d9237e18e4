import { expect, test } from "vitest";
import { simulatedClock } from "./simulated-clock.ts";

test("sleepers wake in the order in which they are due, and what they set off runs before the next", async () => {
  const clock = simulatedClock(new Date("2026-01-01T00:00:00Z"));
  const { signal } = new AbortController();
  const woken: string[] = [];
  const nap = async (name: string, ms: number) => {
    await clock.sleep(ms, signal);
    woken.push(`${name} at ${clock.monotonicMs()}`);
  };
  void nap("late", 300);
  void nap("early", 100).then(() => nap("chained", 50));
  await clock.advance(299);
  expect(woken).toEqual(["early at 100", "chained at 150"]);
  await clock.advance(1);
  expect(woken.at(-1)).toBe("late at 300");
  expect(clock.now().toISOString()).toBe("2026-01-01T00:00:00.300Z");
});

test("a sleeper whose signal is aborted is woken at once, with the reason", async () => {
  const clock = simulatedClock();
  const stop = new AbortController();
  const sleeping = clock.sleep(1_000, stop.signal);
  stop.abort(new Error("enough"));
  await expect(sleeping).rejects.toThrow("enough");
  expect(clock.sleepers).toBe(0);
});
