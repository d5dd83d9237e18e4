import { expect, test } from "vitest";
import { assert } from "./assert.ts";
import { Failure, failureOf, isFailure } from "./failure.ts";

test("a failure is known by its code, and only by the codes asked for", () => {
  const failure = new Failure("busy", "the volume is being cut");
  expect([isFailure(failure), isFailure(failure, "busy"), isFailure(failure, "timeout", "busy")]).toEqual([
    true,
    true,
    true,
  ]);
  expect([isFailure(failure, "timeout"), isFailure(new Error("busy")), isFailure("busy")]).toEqual([
    false,
    false,
    false,
  ]);
});

test("a failure stays the same failure when it is wrapped again", () => {
  const failure = new Failure("notFound", "no such volume", { retryAfterMs: 5, details: { volume: "a" } });
  expect(failureOf(failure)).toBe(failure);
  expect(failure).toMatchObject({ name: "Failure", retryAfterMs: 5, details: { volume: "a" } });
});

test.each([
  [new DOMException("stopped", "AbortError"), "cancelled", "stopped"],
  [new DOMException("it took too long", "TimeoutError"), "timeout", "it took too long"],
  [new TypeError("x is not a function"), "internal", "x is not a function"],
  ["just text", "internal", "just text"],
  [undefined, "internal", "undefined"],
])("%s becomes a failure with a code and itself as the cause", (error, code, message) => {
  expect(failureOf(error)).toMatchObject({ code, message, cause: error });
});

test("a broken assumption says what should have held, and is no failure of the world", () => {
  const broken = () => assert([].length > 0, "the list has an item");
  expect(broken).toThrow("broken assumption: the list has an item");
  expect(broken).not.toThrow(Failure);
});
