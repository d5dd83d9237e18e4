import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { abortOf, onAbort } from "./abort.ts";
import { systemClock, withTimeout } from "./clock.ts";
import { limiter } from "./limit.ts";

test("eleven waits on one signal are no reason for a warning", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on("warning", note);
  const { signal } = new AbortController();
  const ends = Array.from({ length: 11 }, () => onAbort(signal, () => undefined));
  await new Promise(setImmediate);
  for (const end of ends) end();
  process.off("warning", note);
  expect(warnings).toEqual([]);
});

test("waits that are over leave nothing behind on a signal that goes on", async () => {
  const { signal } = new AbortController();
  await withTimeout(systemClock, { timeoutMs: 60_000, what: "nothing", signal }, async () => undefined);
  await systemClock.sleep(0, signal);
  const one = limiter(1);
  await Promise.all([1, 2].map(() => one.run(async () => undefined, signal)));
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a race loses at once to a signal that was aborted before it began", async () => {
  await expect(abortOf(AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
});
