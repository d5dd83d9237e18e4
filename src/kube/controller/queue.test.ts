import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyQueue } from "./queue.ts";

const signal = new AbortController().signal;

describe("the queue of keys", () => {
  test("whatever is done to it, no key has two workers, and every addition is followed by a look", async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant("add" as const), key: fc.constantFrom("a", "b", "c") }),
        fc.record({ do: fc.constantFrom("take" as const, "done" as const, "cover" as const), key: fc.constant("") }),
      ),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const queue = keyQueue();
        const working: string[] = [];
        const owed = new Set<string>(); // added, and not looked at since
        const take = async () => {
          const key = await queue.take(signal);
          expect(working).not.toContain(key);
          owed.delete(key);
          working.push(key);
        };
        for (const step of script) {
          if (step.do === "add") {
            queue.add(step.key);
            owed.add(step.key);
          }
          if (step.do === "take" && queue.length > 0) await take();
          if (step.do === "cover" && working[0]) {
            queue.covered(working[0]);
            owed.delete(working[0]);
          }
          const finished = step.do === "done" ? working.shift() : undefined;
          if (finished) queue.done(finished);
        }
        for (const key of working.splice(0)) queue.done(key);
        while (queue.length > 0) {
          await take();
          queue.done(working.pop() ?? "");
        }
        expect([...owed]).toEqual([]);
      }),
    );
  });

  test("keys come out in the order in which they went in, each once", async () => {
    const queue = keyQueue();
    for (const key of ["b", "a", "b", "c"]) queue.add(key);
    expect([await queue.take(signal), await queue.take(signal), await queue.take(signal)]).toEqual(["b", "a", "c"]);
  });

  test("a worker that waits gets the next key, one that was sent home gets none", async () => {
    const queue = keyQueue();
    const home = new AbortController();
    const sentHome = queue.take(home.signal);
    const stays = queue.take(signal);
    home.abort(new Error("over"));
    await expect(sentHome).rejects.toThrow("over");
    queue.add("a");
    expect(await stays).toBe("a");
  });
});
