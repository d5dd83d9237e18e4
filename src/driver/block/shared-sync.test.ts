import { expect, test } from "vitest";
import { SharedSync } from "./shared-sync.ts";

type Done = (error: Error | null) => void;

function aSync() {
  const calls: Done[] = [];
  return { calls, shared: new SharedSync((done) => void calls.push(done)) };
}

test("syncs asked for while one runs share the next one, and are not done before it", async () => {
  const { calls, shared } = aSync();
  const done: string[] = [];
  const first = shared.sync().then(() => done.push("first"));
  const others = ["second", "third"].map((name) => shared.sync().then(() => done.push(name)));
  calls[0]?.(null);
  await first;
  await new Promise(setImmediate);
  expect([done, calls.length]).toEqual([["first"], 2]);
  calls[1]?.(null);
  await Promise.all(others);
  expect(done).toEqual(["first", "second", "third"]);
});

test("after a sync that failed no other succeeds, as nobody knows whose writes were lost", async () => {
  const { calls, shared } = aSync();
  const [first, waiting] = [shared.sync(), shared.sync()];
  calls[0]?.(new Error("EIO: i/o error, fdatasync"));
  await expect(first).rejects.toThrow("EIO");
  await expect(waiting).rejects.toThrow("EIO");
  await expect(shared.sync()).rejects.toThrow("EIO");
  expect(calls.length).toBe(1);
});
