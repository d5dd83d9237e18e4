import { expect, test } from "vitest";
import type { Clock } from "../../../lib/clock.ts";
import { Failure } from "../../../lib/failure.ts";
import { type Standing, standingOf, termOf } from "./term.ts";

test.each<[string, { monotonicMs: number; wallMs: number }, Standing]>([
  ["it was just renewed", { monotonicMs: 0, wallMs: 0 }, "held"],
  ["both clocks are within the deadline", { monotonicMs: 9_999, wallMs: 9_999 }, "held"],
  ["the wall clock was set back", { monotonicMs: 9_999, wallMs: -3_600_000 }, "held"],
  ["the wall clock was set ahead, or the machine slept", { monotonicMs: 100, wallMs: 10_000 }, "doubtful"],
  ["the deadline has passed", { monotonicMs: 10_000, wallMs: 10_000 }, "lost"],
  ["the deadline has passed, and the wall clock was set back", { monotonicMs: 10_000, wallMs: 0 }, "lost"],
])("what a leader knows of its lease by its own clocks: %s", (_title, passed, standing) => {
  const renewed = { monotonicMs: 500, wallMs: 1_700_000_000_000 };
  const now = { monotonicMs: 500 + passed.monotonicMs, wallMs: 1_700_000_000_000 + passed.wallMs };
  expect(standingOf(renewed, now, 10_000)).toBe(standing);
});

/** A clock without timers: nothing but a look at it can tell that time has passed. */
function handOf() {
  const hand = { monotonicMs: 0, wallMs: 0 };
  const clock: Clock = {
    now: () => new Date(hand.wallMs),
    monotonicMs: () => hand.monotonicMs,
    sleep: () => new Promise(() => undefined),
  };
  return { hand, clock };
}

function aTerm() {
  const { hand, clock } = handOf();
  const term = termOf({ clock, renewDeadlineMs: 10_000, lease: "ns/leader", renewed: { ...hand } });
  return { hand, term };
}

test("a term that was not renewed in time permits nothing, without any timer having to fire", () => {
  const { hand, term } = aTerm();
  hand.monotonicMs = 9_999;
  term.permit();
  hand.monotonicMs = 10_000;
  expect(() => term.permit()).toThrow("the lease ns/leader was not renewed for 10000 ms; another replica may lead now");
  expect(term.signal.aborted).toBe(true);
});

test("a lost term stays lost, whatever is renewed or however clocks are set afterwards", () => {
  const { hand, term } = aTerm();
  hand.monotonicMs = 10_000;
  expect(term.standing).toBe("lost");
  hand.monotonicMs = 0;
  term.renewed({ monotonicMs: 10_000, wallMs: 0 });
  expect(() => term.permit()).toThrow("not renewed for 10000 ms");
});

test("a clock set ahead stops a leader until its lease is renewed, and no longer", () => {
  const { hand, term } = aTerm();
  hand.wallMs = 3_600_000;
  expect(() => term.permit()).toThrow("nothing is done before the lease ns/leader is renewed");
  expect(term.signal.aborted).toBe(false);
  term.renewed({ ...hand });
  term.permit();
  expect(term.standing).toBe("held");
});

test("a renewal counts from when it was sent", () => {
  const { hand, term } = aTerm();
  const sent = { ...hand, monotonicMs: 4_000 };
  hand.monotonicMs = 13_999;
  term.renewed(sent);
  expect(term.leftMs).toBe(1);
  hand.monotonicMs = 14_000;
  expect(term.standing).toBe("lost");
});

test("a term that was ended from outside names that reason", () => {
  const { term } = aTerm();
  term.end(new Failure("unavailable", "the lease ns/leader is held by b now"));
  expect(() => term.permit()).toThrow("held by b now");
});
