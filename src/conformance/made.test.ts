import { expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { Failure } from "../lib/failure.ts";
import { systemRandom } from "../lib/random.ts";
import type { Driver } from "./driver.ts";
import { type Making, made } from "./made.ts";
import { type Patience, patience } from "./patience.ts";

const driver = {} as Driver; // what is made here needs none
const patient = (limitMs = 10_000): Patience =>
  patience({ driver, clock: systemClock, random: systemRandom, limitMs, signal: new AbortController().signal });

/** A thing whose creation fails as listed, once each, and then tells its handle. */
function aThing(name: string, fails: readonly Failure[] = []) {
  const left = [...fails];
  const seen: string[] = [];
  const making: Making<string> = {
    what: name,
    async create() {
      const failure = left.shift();
      seen.push(failure ? `create ${failure.code}` : "create");
      if (failure) throw failure;
      return `handle of ${name}`;
    },
    idOf: (handle) => handle,
    async remove(_, handle) {
      seen.push(`remove ${handle}`);
    },
  };
  return { making, seen };
}

test("what was made is removed by its handle, the last first", async () => {
  const things = made();
  const order: string[] = [];
  for (const name of ["a", "b"]) {
    things.note(name, async () => void order.push(name));
    const remove = async () => order.push(`handle ${name}`);
    await things.make({ what: name, create: async () => name, idOf: () => name, remove }, patient());
  }
  expect(await things.undo(patient())).toEqual([]);
  expect(order).toEqual(["handle b", "b", "handle a", "a"]);
});

test("a driver that is still at it is asked again until it answers", async () => {
  const { making, seen } = aThing("a", [new Failure("busy", "pending"), new Failure("timeout", "slow")]);
  expect(await made().make(making, patient())).toBe("handle of a");
  expect(seen).toEqual(["create busy", "create timeout", "create"]);
});

test("a create that may have happened is repeated to learn the handle, and then removed", async () => {
  const things = made();
  const { making, seen } = aThing("a", [new Failure("internal", "it died")]);
  await expect(things.make(making, patient())).rejects.toThrow("it died");
  expect(await things.undo(patient())).toEqual([]);
  expect(seen).toEqual(["create internal", "create", "remove handle of a"]);
});

test("a create that was refused has made nothing that would have to be removed", async () => {
  const things = made();
  const { making, seen } = aThing("a", [new Failure("invalid", "no")]);
  await expect(things.make(making, patient())).rejects.toThrow("no");
  expect(await things.undo(patient())).toEqual([]);
  expect(seen).toEqual(["create invalid"]);
});

test("what cannot be taken away is told, what is gone is not, and the rest goes", async () => {
  const things = made();
  const gone: string[] = [];
  things.note("the first", async () => void gone.push("first"));
  things.note("the second", () => Promise.reject(new Failure("precondition", "it is in use")));
  things.note("the third", () => Promise.reject(new Failure("notFound", "there is none")));
  const stuck = {
    ...aThing("a volume").making,
    remove: () => Promise.reject(new Failure("precondition", "it is busy")),
  };
  await things.make(stuck, patient());
  expect(await things.undo(patient())).toEqual([
    "a volume, which is handle of a volume: it is busy",
    "the second: it is in use",
  ]);
  expect(gone).toEqual(["first"]);
});

test("a driver that stays busy over the limit is told so, in its own words", async () => {
  const always = () => Promise.reject(new Failure("busy", "still pending"));
  await expect(patient(1).untilDone(always)).rejects.toThrow("still pending");
  await expect(patient(1).until("the group ready", async () => undefined)).rejects.toThrow(
    "the group ready: not within 1 ms (--ready-timeout)",
  );
});
