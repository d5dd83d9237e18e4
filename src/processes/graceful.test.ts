import { expect, test } from "vitest";
import { silent } from "../lib/log.ts";
import { simulatedClock } from "../testing/simulated-clock.ts";
import { startGraceful } from "./graceful.ts";

const reason = new DOMException("stopped by SIGTERM", "AbortError");

/** Work that ends when it is told to by the test, or when its signal is aborted. */
async function aStop() {
  const clock = simulatedClock();
  const stop = new AbortController();
  const around = { clock, random: { next: () => 0, uuid: () => "" }, log: silent, signal: stop.signal };
  const seen: { work?: AbortSignal; stopping?: AbortSignal; finish: () => void } = { finish: () => undefined };
  const { ended } = await startGraceful(around, async ({ signal, stopping }) => {
    Object.assign(seen, { work: signal, stopping });
    const finished = new Promise<void>((resolve) => {
      seen.finish = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    return { ready: "work", ended: finished };
  });
  let isOver = false;
  void ended.then(() => (isOver = true));
  return { clock, stop, seen, isOver: () => isOver };
}

test("work in flight is told to begin nothing new at once, and is cut off after three seconds", async () => {
  const { clock, stop, seen, isOver } = await aStop();
  stop.abort(reason);
  expect([seen.stopping?.aborted, seen.work?.aborted]).toEqual([true, false]);
  await clock.advance(2_999);
  expect([seen.work?.aborted, isOver()]).toEqual([false, false]);
  await clock.advance(1);
  expect([seen.work?.reason, isOver()]).toEqual([reason, true]);
});

test("a stop does not wait longer than the work in flight takes", async () => {
  const { clock, stop, seen, isOver } = await aStop();
  stop.abort(reason);
  await clock.advance(100);
  seen.finish();
  await clock.advance(0);
  expect([isOver(), clock.sleepers]).toEqual([true, 0]);
});

test("what outlives the work, such as a connection, is told when all of it has ended", async () => {
  const { clock, seen } = await aStop();
  expect(seen.work?.aborted).toBe(false);
  seen.finish();
  await clock.advance(0);
  expect(seen.work?.aborted).toBe(true);
});
