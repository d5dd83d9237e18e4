import { describe, expect, test } from "vitest";
import type { Schema } from "../schema/schema.ts";
import { patternErrors } from "./patterns.ts";

describe("the patterns of a schema", () => {
  test.each<[string, Schema, string]>([
    ["one that only backtracking could match", { pattern: "^(?=a)b" }, "p.pattern"],
    [
      "a broken one in a choice",
      { anyOf: [{ properties: { q: { pattern: "(" } } }] },
      "p.anyOf[0].properties[q].pattern",
    ],
    [
      "some that are too large together",
      { allOf: [0, 1, 2, 3, 4, 5].map((n) => ({ pattern: `${"[ab]{0,900}".repeat(25)}${n}` })) },
      "p.allOf[4].pattern",
    ],
  ])("are refused for %s, at its place", (_what, schema, field) => {
    expect(patternErrors(schema, "p")).toMatchObject([{ field }]);
  });

  test("are taken where each can be matched in linear time", () => {
    expect(patternErrors({ pattern: "^[a-z]+$", items: { pattern: "x{1,20}" } }, "p")).toEqual([]);
  });
});
