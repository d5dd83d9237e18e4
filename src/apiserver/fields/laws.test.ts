import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import type { Schema } from "../schema/schema.ts";
import { shapeErrors } from "./check.ts";
import { claimedFields, presentFields } from "./collect.ts";
import { compareObjects } from "./compare.ts";
import { mergeConfiguration } from "./merge.ts";
import { removeFields } from "./remove.ts";
import { difference, equalSets, intersection, isEmpty, parseSet, pathsOf, union } from "./set.ts";
import { shapeOf } from "./shape.ts";

const part: Schema = {
  type: "object",
  properties: { name: { type: "string" }, port: { type: "integer", default: 80 }, note: { type: "string" } },
};
const schema: Schema = {
  type: "object",
  properties: {
    size: { type: "integer" },
    labels: { type: "object", additionalProperties: { type: "string" } },
    whole: { type: "object", "x-kubernetes-map-type": "atomic", additionalProperties: { type: "string" } },
    tags: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
    parts: {
      type: "array",
      items: part,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name", "port"],
    },
    atoms: { type: "array", items: part },
    open: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    deep: { type: "object", properties: { left: part, right: part } },
  },
};
const shape = shapeOf(schema);

const word = fc.constantFrom("a", "b", "c", "d");
const aPart = fc.record(
  { name: word, port: fc.constantFrom(80, 1), note: word },
  { requiredKeys: ["name"], noNullPrototype: true },
);
const words = fc.dictionary(word, word, { maxKeys: 3, noNullPrototype: true });
const anObject: fc.Arbitrary<JsonObject> = fc.record(
  {
    size: fc.integer({ min: 0, max: 2 }),
    labels: words,
    whole: words,
    tags: fc.uniqueArray(word),
    parts: fc.uniqueArray(aPart, { selector: ({ name, port = 80 }) => `${name}:${port}`, maxLength: 4 }),
    atoms: fc.array(aPart, { maxLength: 2 }),
    open: fc.dictionary(word, fc.oneof(word, words, fc.array(word)), { maxKeys: 2, noNullPrototype: true }),
    deep: fc.record({ left: aPart, right: aPart }, { requiredKeys: [], noNullPrototype: true }),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const aSet = anObject.map((object) => claimedFields(object, shape));
const holds = <T extends [unknown, ...unknown[]]>(property: fc.IProperty<T>) => fc.assert(property, { numRuns: 300 });

describe("sets of field paths", () => {
  test("have a union that is the same both ways, and holds both", () =>
    holds(
      fc.property(aSet, aSet, (a, b) => {
        const both = union(a, b);
        expect(equalSets(both, union(b, a))).toBe(true);
        expect([difference(a, both), difference(b, both)].every(isEmpty)).toBe(true);
        expect(pathsOf(both).length).toBeLessThanOrEqual(pathsOf(a).length + pathsOf(b).length);
      }),
    ));

  test("are made up of what they share with another and what they do not", () =>
    holds(
      fc.property(aSet, aSet, (a, b) => {
        const [shared, rest] = [intersection(a, b), difference(a, b)];
        expect(equalSets(union(shared, rest), a)).toBe(true);
        expect(isEmpty(intersection(rest, b))).toBe(true);
        expect(pathsOf(shared).length + pathsOf(rest).length).toBe(pathsOf(a).length);
      }),
    ));

  test("are read from JSON as they were written", () =>
    holds(
      fc.property(aSet, (set) => {
        expect(parseSet(JSON.parse(JSON.stringify(set)))).toEqual(set);
      }),
    ));

  test("are told apart when they differ in one path", () => {
    const [a, b] = [claimedFields({ size: 1 }, shape), claimedFields({ size: 1, tags: ["a"] }, shape)];
    expect(equalSets(a, b)).toBe(false);
    expect(isEmpty(difference(b, a))).toBe(false);
  });
});

describe("a comparison of two objects", () => {
  test("is empty for an object and itself, and the reverse of the one the other way round", () =>
    holds(
      fc.property(anObject, anObject, (a, b) => {
        expect(compareObjects(a, structuredClone(a), shape)).toEqual({ added: {}, modified: {}, removed: {} });
        const [there, back] = [compareObjects(a, b, shape), compareObjects(b, a, shape)];
        expect([there.added, there.modified, there.removed]).toEqual([back.removed, back.modified, back.added]);
      }),
    ));

  test("says that all there is was added where nothing was", () =>
    holds(
      fc.property(anObject, (object) => {
        const { added, modified, removed } = compareObjects({}, object, shape);
        const { ".": _self, ...present } = presentFields(object, shape);
        expect([added, modified, removed]).toEqual([present, {}, {}]);
      }),
    ));
});

describe("a configuration that is laid over an object", () => {
  test("is all in the outcome, with all that the object had beside it, and changes nothing a second time", () =>
    holds(
      fc.property(anObject, anObject, (live, config) => {
        const once = mergeConfiguration(live, config, shape);
        expect(isEmpty(difference(claimedFields(config, shape), presentFields(once, shape)))).toBe(true);
        const { "f:open": _mayChangeKind, ...removed } = compareObjects(live, once, shape).removed;
        expect(removed).toEqual({});
        expect(mergeConfiguration(once, config, shape)).toEqual(once);
      }),
    ));

  test("leaves the object when its fields are taken out again, if they were nobody else's", () =>
    holds(
      fc.property(anObject, (config) => {
        const rest = removeFields(config, claimedFields(config, shape), shape);
        const left = Object.values(rest).filter((value) => value !== null && JSON.stringify(value) !== "[]");
        expect(left.flatMap((value) => Object.values(value as object)).filter((value) => value !== null)).toEqual([]);
      }),
    ));

  test("is found to fit its schema, and not once it has a field too many", () =>
    holds(
      fc.property(anObject, (config) => {
        expect(shapeErrors(config, shape)).toEqual([]);
        expect(shapeErrors({ ...config, weight: 1 }, shape)).toEqual([
          { path: ".weight", problem: "field not declared in schema" },
        ]);
      }),
    ));
});
