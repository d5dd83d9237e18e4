import { afterEach, expect, test, vi } from "vitest";
import { systemClock, withTimeout } from "./clock.ts";

const never = new AbortController().signal;

afterEach(() => {
  vi.useRealTimers();
});

test("sleeping takes as long as it was told to", async () => {
  const before = systemClock.monotonicMs();
  await systemClock.sleep(20, never);
  expect(systemClock.monotonicMs() - before).toBeGreaterThanOrEqual(19);
});

test("an abort wakes the sleeper at once, with the abort's reason", async () => {
  const abort = new AbortController();
  const sleep = systemClock.sleep(60_000, abort.signal);
  abort.abort(new Error("wake up"));
  await expect(sleep).rejects.toThrow("wake up");
});

test("whoever is aborted already does not fall asleep", async () => {
  await expect(systemClock.sleep(60_000, AbortSignal.abort(new Error("awake")))).rejects.toThrow("awake");
});

test("a sleep of forty days, longer than a timer can be, is not over before its time", async () => {
  vi.useFakeTimers();
  const dayMs = 24 * 3600 * 1000;
  let isOver = false;
  const sleep = systemClock.sleep(40 * dayMs, never).then(() => {
    isOver = true;
  });
  await vi.advanceTimersByTimeAsync(39 * dayMs);
  expect(isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(dayMs);
  await sleep;
  expect(isOver).toBe(true);
});

test("work within its time limit gives its result, and its signal stays quiet", async () => {
  const limit = { timeoutMs: 60_000, what: "adding", signal: never };
  const signals: AbortSignal[] = [];
  const sum = withTimeout(systemClock, limit, async (signal) => {
    signals.push(signal);
    return 1 + 1;
  });
  expect(await sum).toBe(2);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});

test("work over its time limit is aborted with what it was and how long it had", async () => {
  const limit = { timeoutMs: 5, what: "waiting for Godot", signal: never };
  const waiting = withTimeout(systemClock, limit, (signal) => systemClock.sleep(60_000, signal));
  await expect(waiting).rejects.toMatchObject({
    name: "TimeoutError",
    message: "waiting for Godot took longer than 5 ms",
  });
});

test("work under a time limit hears the caller's abort too", async () => {
  const abort = new AbortController();
  const limit = { timeoutMs: 60_000, what: "waiting", signal: abort.signal };
  const waiting = withTimeout(systemClock, limit, (signal) => systemClock.sleep(60_000, signal));
  abort.abort(new Error("never mind"));
  await expect(waiting).rejects.toThrow("never mind");
});
