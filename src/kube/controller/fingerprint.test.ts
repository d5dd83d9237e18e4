import { expect, test } from "vitest";
import { fingerprint } from "./fingerprint.ts";

test("facts are the same whatever the order of their keys and whether a field is absent or undefined", () => {
  expect(fingerprint({ a: 1, b: [{ c: 2n, d: undefined }] })).toBe(fingerprint({ b: [{ c: 2n }], a: 1 }));
});

test.each([
  ["dates", new Date(1), new Date(2)],
  ["sets", new Set(["a"]), new Set(["b"])],
  ["maps", new Map([["a", 1]]), new Map([["a", 2]])],
  ["integers beyond 2^53", 9007199254740993n, 9007199254740992n],
  ["absent facts", undefined, null],
  ["lists in another order", [1, 2], [2, 1]],
])("facts that differ in %s are told apart", (_name, a, b) => {
  expect(fingerprint({ fact: a })).not.toBe(fingerprint({ fact: b }));
});
