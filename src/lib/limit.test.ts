import { expect, test } from "vitest";
import { limiter } from "./limit.ts";

const signal = new AbortController().signal;

/** Work that ends when it is told to. */
function heldWork() {
  const started: string[] = [];
  const finish = new Map<string, () => void>();
  const work = (name: string) => () =>
    new Promise<string>((resolve) => {
      started.push(name);
      finish.set(name, () => resolve(name));
    });
  return { started, work, finish: (name: string) => finish.get(name)?.() };
}

test("work beyond the limit waits and starts in the order it came", async () => {
  const limit = limiter(2);
  const { started, work, finish } = heldWork();
  const all = ["a", "b", "c", "d"].map((name) => limit.run(work(name), signal));
  await Promise.resolve();
  expect([started, limit.running]).toEqual([["a", "b"], 2]);
  finish("b");
  await all[1];
  await Promise.resolve();
  expect([started, limit.running]).toEqual([["a", "b", "c"], 2]);
  finish("a");
  finish("c");
  await all[2];
  await Promise.resolve();
  finish("d");
  expect(await Promise.all(all)).toEqual(["a", "b", "c", "d"]);
  expect(limit.running).toBe(0);
});

test("work that fails gives its place to the next", async () => {
  const limit = limiter(1);
  const failing = limit.run(() => Promise.reject(new Error("no luck")), signal);
  const next = limit.run(async () => "next", signal);
  await expect(failing).rejects.toThrow("no luck");
  expect(await next).toBe("next");
});

test("whoever is aborted while waiting leaves the line without ever starting", async () => {
  const limit = limiter(1);
  const { started, work, finish } = heldWork();
  const first = limit.run(work("first"), signal);
  const impatient = new AbortController();
  const second = limit.run(work("second"), impatient.signal);
  const third = limit.run(work("third"), signal);
  impatient.abort(new Error("no time"));
  await expect(second).rejects.toThrow("no time");
  finish("first");
  await first;
  await Promise.resolve();
  finish("third");
  expect(await third).toBe("third");
  expect(started).toEqual(["first", "third"]);
});

test("an abort that came before the work did refuses it, free places or not", async () => {
  await expect(limiter(5).run(async () => 1, AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
});

test("an abort while the work runs is the work's own business", async () => {
  const { work, finish } = heldWork();
  const abort = new AbortController();
  const limit = limiter(1);
  const running = limit.run(work("a"), abort.signal);
  await Promise.resolve();
  abort.abort();
  expect(limit.running).toBe(1);
  finish("a");
  expect(await running).toBe("a");
});
