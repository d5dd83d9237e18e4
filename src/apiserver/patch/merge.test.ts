import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../lib/json.ts";
import { applyMergePatch } from "./merge.ts";
import { isObject } from "./shape.ts";

/** The merge patch that leads from one document to another; possible for documents without nulls. */
function diff(from: JsonObject, to: JsonObject): JsonObject {
  const patch: Record<string, Json> = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) define(patch, key, null);
  for (const [key, value] of Object.entries(to)) {
    const old = Object.hasOwn(from, key) ? from[key] : undefined;
    define(patch, key, isObject(value) && isObject(old) ? diff(old, value) : (value ?? null));
  }
  return patch;
}

const define = (object: Record<string, Json>, key: string, value: Json) =>
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });

const { document } = fc.letrec<{ document: JsonObject; value: Json }>((tie) => ({
  document: fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__"), tie("value"), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
  value: fc.oneof(
    { depthSize: "small" },
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.array(fc.integer(), { maxLength: 3 }),
    tie("document"),
  ) as fc.Arbitrary<Json>,
}));

describe("a merge patch", () => {
  test("leads from any document to any other", () => {
    fc.assert(
      fc.property(document, document, (from, to) => {
        expect(applyMergePatch(from, diff(from, to))).toEqual(to);
      }),
    );
  });

  test("does nothing the second time", () => {
    fc.assert(
      fc.property(document, document, (doc, patch) => {
        const once = applyMergePatch(doc, patch);
        expect(applyMergePatch(once, patch)).toEqual(once);
      }),
    );
  });

  test("removes by null, at any depth, and drops nulls that remove nothing", () => {
    expect(applyMergePatch({ a: { b: 1, c: 2 } }, { a: { b: null }, d: { e: null } })).toEqual({ a: { c: 2 }, d: {} });
  });

  test("replaces lists whole", () => {
    expect(applyMergePatch({ a: [1, 2] }, { a: [3] })).toEqual({ a: [3] });
  });

  test.each([[3], [[]], [null]])("is refused when it is %j", (patch) => {
    expect(() => applyMergePatch({}, patch as Json)).toThrow("must be a JSON object");
  });
});
