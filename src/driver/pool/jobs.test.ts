import { describe, expect, test } from "vitest";
import type { Clock } from "../../lib/clock.ts";
import { systemClock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { Jobs } from "./jobs.ts";
import { Reservations } from "./reservations.ts";

const signal = new AbortController().signal;
/** A clock on which every pause is over at once. */
const hasty: Clock = { ...systemClock, sleep: async () => undefined };

function held() {
  let end = (_result: string) => {};
  let starts = 0;
  const start = () => {
    starts++;
    return new Promise<string>((resolve) => {
      end = resolve;
    });
  };
  return { start, end: (result: string) => end(result), starts: () => starts };
}

describe("a job", () => {
  test("is begun once, however many ask for it, and all hear its result", async () => {
    const jobs = new Jobs<string>(systemClock);
    const work = held();
    const asked = [1, 2, 3].map(() => jobs.join({ name: "a", request: "r", signal, start: work.start }));
    work.end("done");
    expect([await Promise.all(asked), work.starts()]).toEqual([["done", "done", "done"], 1]);
  });

  test("that takes long is answered with 'busy', goes on, and is joined by the next call", async () => {
    const work = held();
    const clocks = [hasty, systemClock];
    const jobs = new Jobs<string>({
      ...systemClock,
      sleep: (...args) => (clocks.shift() ?? systemClock).sleep(...args),
    });
    const ask = () => jobs.join({ name: "a", request: "r", signal, start: work.start });
    await expect(ask()).rejects.toMatchObject({ code: "busy" });
    const again = ask();
    work.end("done");
    expect([await again, work.starts()]).toEqual(["done", 1]);
  });

  test("is not joined by another request under its name", async () => {
    const jobs = new Jobs<string>(systemClock);
    const work = held();
    const first = jobs.join({ name: "a", request: "r", signal, start: work.start });
    const other = jobs.join({ name: "a", request: "s", signal, start: work.start });
    await expect(other).rejects.toMatchObject({ code: "exists" });
    work.end("done");
    await first;
  });

  test("outlives a caller that gives up, and may fail with nobody listening", async () => {
    const jobs = new Jobs<string>(systemClock);
    const giveUp = new AbortController();
    let fail = (_reason: Failure) => {};
    const start = () =>
      new Promise<string>((_, reject) => {
        fail = reject;
      });
    const asked = jobs.join({ name: "a", request: "r", signal: giveUp.signal, start });
    giveUp.abort(new DOMException("gone", "AbortError"));
    await expect(asked).rejects.toThrow("gone");
    fail(new Failure("internal", "nobody hears this"));
    await jobs.settled();
    const next = jobs.join({ name: "a", request: "s", signal, start: async () => "begun anew" });
    expect(await next).toBe("begun anew");
  });
});

describe("a reservation", () => {
  test("may be shared by many readers, and is refused to a writer until the last has left", () => {
    const reservations = new Reservations();
    const first = reservations.share(["v"], "it is read");
    const second = reservations.share(["v", "w"], "it is read");
    first();
    first();
    expect(() => reservations.exclude(["v"], "it is deleted")).toThrow(/v is busy \(it is read\)/);
    second();
    reservations.exclude(["v"], "it is deleted");
    expect(() => reservations.share(["w", "v"], "it is read")).toThrow(/v is busy \(it is deleted\)/);
    expect(() => reservations.exclude(["w"], "free, as the refused call took nothing")).not.toThrow();
  });
});
