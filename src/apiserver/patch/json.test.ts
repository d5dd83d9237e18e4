import { describe, expect, test } from "vitest";
import type { Json } from "../../lib/json.ts";
import { applyJsonPatch } from "./json.ts";

const doc = { a: { b: [1, 2, 3] }, "x/y": 1, "m~n": 2, s: "t" };

describe("a JSON patch", () => {
  test.each<[string, Json[], Json]>([
    ["adds a member", [{ op: "add", path: "/a/c", value: 5 }], { ...doc, a: { b: [1, 2, 3], c: 5 } }],
    ["inserts into a list", [{ op: "add", path: "/a/b/1", value: 9 }], { ...doc, a: { b: [1, 9, 2, 3] } }],
    ["appends to a list", [{ op: "add", path: "/a/b/-", value: 9 }], { ...doc, a: { b: [1, 2, 3, 9] } }],
    ["replaces a member by null", [{ op: "replace", path: "/s", value: null }], { ...doc, s: null }],
    ["replaces a member that is not there by adding it", [{ op: "replace", path: "/z", value: 1 }], { ...doc, z: 1 }],
    ["tests for null that a member is absent", [{ op: "test", path: "/a/zz", value: null }], doc],
    ["replaces the whole document", [{ op: "replace", path: "", value: { n: 1 } }], { n: 1 }],
    ["removes from a list", [{ op: "remove", path: "/a/b/0" }], { ...doc, a: { b: [2, 3] } }],
    ["moves a member", [{ op: "move", from: "/s", path: "/a/s" }], { a: { b: [1, 2, 3], s: "t" }, "x/y": 1, "m~n": 2 }],
    ["copies a member", [{ op: "copy", from: "/a/b", path: "/c" }], { ...doc, c: [1, 2, 3] }],
    ["passes a test", [{ op: "test", path: "/a", value: { b: [1, 2, 3] } }], doc],
    ["reads escaped slashes", [{ op: "replace", path: "/x~1y", value: 7 }], { ...doc, "x/y": 7 }],
    ["reads escaped tildes", [{ op: "replace", path: "/m~0n", value: 7 }], { ...doc, "m~n": 7 }],
    [
      "applies its operations in order",
      [
        { op: "add", path: "/k", value: [] },
        { op: "add", path: "/k/-", value: "v" },
      ],
      { ...doc, k: ["v"] },
    ],
  ])("%s", (_what, ops, expected) => {
    const before = structuredClone(doc);
    expect(applyJsonPatch(doc, ops)).toEqual(expected);
    expect(doc).toEqual(before);
  });

  test.each<[string, Json, string]>([
    ["is no list", { op: "add" }, "must be a list"],
    ["has an unknown operation", [{ op: "merge", path: "/a" }], 'operation "merge" does not exist'],
    ["removes what is not there", [{ op: "remove", path: "/nothing" }], 'nothing at "nothing"'],
    ["replaces below what is not there", [{ op: "replace", path: "/a/zz/y", value: 1 }], "nothing that could hold"],
    ["tests below what is not there", [{ op: "test", path: "/a/zz/y", value: null }], 'nothing at "zz"'],
    ["tests for null what is there", [{ op: "test", path: "/s", value: null }], 'the value there is "t"'],
    ["adds below what is not there", [{ op: "add", path: "/nothing/x", value: 1 }], "nothing that could hold"],
    ["goes beyond a list", [{ op: "add", path: "/a/b/4", value: 1 }], "beyond the end"],
    ["counts with a leading zero", [{ op: "remove", path: "/a/b/01" }], "not an index"],
    ["fails a test", [{ op: "test", path: "/s", value: "u" }], 'the value there is "t"'],
    ["has a path without a slash", [{ op: "remove", path: "s" }], "does not begin with a slash"],
    ["moves a value into itself", [{ op: "move", from: "/a", path: "/a/b/0" }], "into itself"],
    ["adds without a value", [{ op: "add", path: "/q" }], 'no "value"'],
    ["leaves no object behind", [{ op: "replace", path: "", value: 3 }], "no object"],
  ])("is refused when it %s", (_what, ops, message) => {
    expect(() => applyJsonPatch(doc, ops)).toThrow(message);
  });

  test("names the operation that cannot be applied by its index", () => {
    const ops = [
      { op: "add", path: "/ok", value: 1 },
      { op: "remove", path: "/nothing" },
    ];
    expect(() => applyJsonPatch(doc, ops)).toThrow(/index 1/);
  });
});
