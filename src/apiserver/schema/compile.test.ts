import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../lib/json.ts";
import { compileSchema } from "./compile.ts";
import type { Schema } from "./schema.ts";
import { newVisit } from "./walk.ts";

function walk(schema: Schema, value: Json) {
  const visit = newVisit();
  const walked = compileSchema(schema, { prune: true, builtIn: false })(value, undefined, visit);
  return {
    value: walked,
    errors: visit.errors.map(({ field, message }) => `${field}: ${message}`),
    unknownFields: visit.unknownFields,
  };
}

const of = (x: Schema): Schema => ({ type: "object", properties: { x } });
const errorsFor = (x: Schema, value: Json) => walk(of(x), { x: value }).errors;

describe("a schema", () => {
  test.each<[string, Schema, Json]>([
    ["a text", { type: "string" }, "t"],
    ["an integer", { type: "integer" }, 7],
    ["an integer beyond 2^53", { type: "integer", format: "int64" }, 9007199254740993n],
    ["a number", { type: "number" }, 1.5],
    ["a boolean", { type: "boolean" }, false],
    ["an integer or a text", { "x-kubernetes-int-or-string": true }, "80%"],
    ["a null where one may be", { type: "string", nullable: true }, null],
    ["one of several values", { type: "string", enum: ["a", "b"] }, "b"],
    ["a text of the right length, in characters", { type: "string", maxLength: 2 }, "😀😀"],
    ["a time", { type: "string", format: "date-time" }, "2026-11-22T16:37:23.123456Z"],
    ["a pattern anywhere in the text", { type: "string", pattern: "b+" }, "abba"],
    ["a Go pattern with flags in front", { type: "string", pattern: "(?i)^ABC$" }, "abc"],
    ["an unknown format", { type: "string", format: "colour" }, "anything"],
    [
      "whatever it is told to preserve",
      { "x-kubernetes-preserve-unknown-fields": true },
      { any: [1, { thing: null }] },
    ],
    [
      "exactly one branch",
      { type: "object", properties: { a: { type: "string" } }, oneOf: [{ required: ["a"] }, { required: ["b"] }] },
      { a: "1" },
    ],
  ])("accepts %s", (_what, schema, value) => {
    expect(walk(of(schema), { x: value })).toEqual({ value: { x: value }, errors: [], unknownFields: [] });
  });

  test.each<[string, Schema, Json, string]>([
    ["a wrong type", { type: "string" }, 7, 'x: Invalid value: "integer": x in body must be of type string: "integer"'],
    [
      "a broken number",
      { type: "integer" },
      1.5,
      'x: Invalid value: "number": x in body must be of type integer: "number"',
    ],
    [
      "an integer beyond 64 bits",
      { type: "integer" },
      2n ** 64n,
      "x: Invalid value: 18446744073709551616: x in body must fit 64 bits",
    ],
    [
      "a value that is not listed",
      { type: "string", enum: ["a", "b"] },
      "c",
      'x: Unsupported value: "c": supported values: "a", "b"',
    ],
    [
      "what does not match",
      { type: "string", pattern: "^a" },
      "b",
      "x: Invalid value: \"b\": x in body should match '^a'",
    ],
    [
      "too short a text",
      { type: "string", minLength: 2 },
      "a",
      'x: Invalid value: "a": x in body should be at least 2 chars long',
    ],
    ["too long a text", { type: "string", maxLength: 2 }, "abc", "x: Too long: may not be more than 2 bytes"],
    [
      "too small a number",
      { type: "integer", minimum: 1 },
      0,
      "x: Invalid value: 0: x in body should be greater than or equal to 1",
    ],
    [
      "a number at an open end",
      { type: "number", maximum: 1, exclusiveMaximum: true },
      1,
      "x: Invalid value: 1: x in body should be less than 1",
    ],
    [
      "too many items",
      { type: "array", maxItems: 1, items: { type: "string" } },
      ["a", "b"],
      "x: Too many: 2: must have at most 1 item",
    ],
    [
      "too few items",
      { type: "array", minItems: 1, items: { type: "string" } },
      [],
      "x: Invalid value: 0: x in body should have at least 1 items",
    ],
    [
      "a wrong item",
      { type: "array", items: { type: "string" } },
      ["a", 1],
      'x[1]: Invalid value: "integer": x[1] in body must be of type string: "integer"',
    ],
    [
      "a value twice in a set",
      { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
      ["a", "a"],
      'x[1]: Duplicate value: "a"',
    ],
    [
      "a key twice in a map list",
      {
        type: "array",
        items: { type: "object", properties: { k: { type: "string" } } },
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
      },
      [{ k: "a" }, { k: "a" }],
      'x[1]: Duplicate value: {"k":"a"}',
    ],
    [
      "a missing field",
      { type: "object", required: ["y"], properties: { y: { type: "string" } } },
      {},
      "x.y: Required value",
    ],
    [
      "an impossible time",
      { type: "string", format: "date-time" },
      "2026-13-01T00:00:00Z",
      'x: Invalid value: "2026-13-01T00:00:00Z": x in body must be of type date-time: "2026-13-01T00:00:00Z"',
    ],
    [
      "two of exactly one",
      {
        type: "object",
        properties: { a: { type: "string" }, b: { type: "string" } },
        oneOf: [{ required: ["a"] }, { required: ["b"] }],
      },
      { a: "1", b: "2" },
      'x: Invalid value: {"a":"1","b":"2"}: "x" must validate one and only one schema (oneOf)',
    ],
    [
      "none of any",
      { type: "string", anyOf: [{ pattern: "^a" }, { pattern: "^b" }] },
      "c",
      'x: Invalid value: "c": "x" must validate at least one schema (anyOf)',
    ],
    [
      "what must not be",
      { type: "string", not: { pattern: "^a" } },
      "a",
      'x: Invalid value: "a": "x" must not validate the schema (not)',
    ],
  ])("refuses %s in Kubernetes' words", (_what, schema, value, message) => {
    expect(errorsFor(schema, value)).toEqual([message]);
  });

  test("drops fields it does not know, at any depth, and names them", () => {
    const schema = of({ type: "array", items: { type: "object", properties: { k: { type: "string" } } } });
    const result = walk(schema, { y: 1, x: [{ k: "a", l: { deep: true } }] });
    expect(result).toEqual({ value: { x: [{ k: "a" }] }, errors: [], unknownFields: ["y", "x[0].l"] });
  });

  test("keeps unknown fields where it must, and still prunes inside the fields it knows", () => {
    const known: Schema = { type: "object", properties: { a: { type: "string" } } };
    const schema: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { known } };
    expect(walk(schema, { free: { b: 1 }, known: { a: "1", b: 2 } })).toMatchObject({
      value: { free: { b: 1 }, known: { a: "1" } },
      unknownFields: ["known.b"],
    });
  });

  test("fills in defaults, also those inside a default", () => {
    const inner: Schema = { type: "object", default: {}, properties: { n: { type: "integer", default: 3 } } };
    expect(walk(of(inner), {}).value).toEqual({ x: { n: 3 } });
  });

  test("takes a null that may not be for absent: it goes, or gives way to the default", () => {
    const schema: Schema = {
      type: "object",
      properties: {
        a: { type: "string" },
        b: { type: "string", default: "d" },
        c: { type: "string", nullable: true, default: "e" },
      },
    };
    expect(walk(schema, { a: null, b: null, c: null })).toEqual({
      value: { b: "d", c: null },
      errors: [],
      unknownFields: [],
    });
  });

  test("leaves what it was given untouched, and gives it back if nothing had to change", () => {
    const schema = of({ type: "integer", default: 1 });
    const given: JsonObject = Object.freeze({ y: 1 });
    expect(walk(schema, given).value).toEqual({ x: 1 });
    const complete = { x: 2 };
    expect(walk(schema, complete).value).toBe(complete);
  });

  test("knows the metadata of embedded objects", () => {
    const embedded: Schema = {
      type: "object",
      "x-kubernetes-embedded-resource": true,
      properties: { spec: { type: "object" } },
    };
    const object = { apiVersion: "v1", kind: "Pod", metadata: { name: "a", labels: { b: "c" } }, spec: {} };
    expect(walk(embedded, object)).toEqual({ value: object, errors: [], unknownFields: [] });
    expect(walk(embedded, { ...object, metadata: { name: "a", colour: "red" } }).unknownFields).toEqual([
      "metadata.colour",
    ]);
  });

  test("reports every fault at once", () => {
    const schema: Schema = {
      type: "object",
      required: ["a", "b"],
      properties: { a: { type: "string" }, b: { type: "string" }, c: { type: "boolean" } },
    };
    expect(walk(schema, { c: 1 }).errors).toHaveLength(3);
  });
});

describe("a pattern", () => {
  test.each(["^(a+)+$", "^(a|aa)+$", "^(.*)*(.*)*(.*)*x$", "(a*)*b"])(
    "%s, over which backtracking would never end, is matched in one pass",
    (pattern) =>
      expect(errorsFor({ type: "string", pattern }, `${"a".repeat(50_000)}!`)).toEqual([
        expect.stringContaining(`x in body should match '${pattern}'`),
      ]),
  );

  test("is not matched any more once those of the object are too much together", () => {
    const items: Schema = { type: "string", pattern: "^[ab]{0,900}c$" };
    const long = "ab".repeat(5_000);
    const messages = errorsFor({ type: "array", items }, [long, long, long]);
    expect(messages).toHaveLength(3);
    expect(messages.at(0)).toContain("should match");
    expect(messages.at(-1)).toContain("is too long to be matched with '^[ab]{0,900}c$'");
    const anyOf = [1, 2, 3].map((n) => ({ pattern: `^[ab]{0,900}${n}$` }));
    expect(errorsFor({ type: "string", anyOf }, long)).toHaveLength(1);
  });
});
