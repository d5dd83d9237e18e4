import { expect, test } from "vitest";
import { type Code, Failure } from "../lib/failure.ts";
import { codeOfGrpcStatus, grpcStatusOf, mayHaveHappened, retryOf } from "./status.ts";

const shared: ReadonlySet<Code> = new Set(["tooLarge", "conflict", "expired"]);
const codes: readonly Code[] = [
  "invalid",
  "unauthenticated",
  "forbidden",
  "notFound",
  "exists",
  "conflict",
  "precondition",
  "outOfRange",
  "tooLarge",
  "unimplemented",
  "busy",
  "exhausted",
  "timeout",
  "cancelled",
  "expired",
  "unavailable",
  "internal",
  "unknown",
];

test("reads every gRPC status as the code that it is written for", () => {
  const own = codes.filter((code) => !shared.has(code));
  expect(own.map((code) => codeOfGrpcStatus(grpcStatusOf(code)))).toEqual(own);
});

test("reads ABORTED as busy and INVALID_ARGUMENT as invalid, whatever else is written as them", () => {
  expect([grpcStatusOf("conflict"), grpcStatusOf("expired"), grpcStatusOf("tooLarge")]).toEqual([10, 10, 3]);
  expect([codeOfGrpcStatus(10), codeOfGrpcStatus(3)]).toEqual(["busy", "invalid"]);
});

test("reads lost data as internal and numbers beyond gRPC as unknown", () => {
  expect([codeOfGrpcStatus(15), codeOfGrpcStatus(99)]).toEqual(["internal", "unknown"]);
});

test.each([
  ["busy", 60_000, true],
  ["unavailable", 60_000, true],
  ["timeout", 60_000, true],
  ["exhausted", 60_000, true],
  ["internal", 60_000, true],
  ["unknown", 60_000, true],
  ["cancelled", 60_000, true],
  ["invalid", 300_000, false],
  ["precondition", 300_000, false],
  ["notFound", 300_000, false],
  ["exists", 300_000, false],
  ["unimplemented", 300_000, false],
  ["forbidden", 300_000, false],
  ["outOfRange", 300_000, false],
] as const)("after %s waits up to %i ms, and a create in flight is then %s", (code, capMs, inFlight) => {
  const failure = new Failure(code, "no");
  expect(retryOf(failure)).toEqual({ startMs: 1_000, capMs });
  expect(mayHaveHappened(failure)).toBe(inFlight);
});
