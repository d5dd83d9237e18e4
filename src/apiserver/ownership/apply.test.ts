import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { shapeOf } from "../fields/shape.ts";
import { type Applied, applied } from "./apply.ts";
import { capped } from "./cap.ts";
import { conflictMessage } from "./conflict.ts";
import { type Entry, entriesOf, type Managed, managerKey, nobody, parseManaged } from "./entry.ts";
import { afterUpdate } from "./update.ts";
import type { Version, Versions } from "./versions.ts";

const text = { type: "string" } as const;
const shape = shapeOf({
  type: "object",
  properties: {
    apiVersion: text,
    kind: text,
    metadata: { type: "object", properties: { name: text } },
    spec: {
      type: "object",
      properties: {
        size: { type: "integer" },
        labels: { type: "object", additionalProperties: text },
        parts: {
          type: "array",
          items: { type: "object", properties: { name: text, note: text } },
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
        },
        atoms: { type: "array", items: text },
      },
    },
  },
});
const same = (object: JsonObject) => object;
const current: Version = { shape, ignored: {}, convert: same, restore: same };
const versions: Versions = { apiVersion: "v1", current, find: (name) => (name === "v1" ? current : undefined) };

interface World {
  readonly object: JsonObject;
  readonly managed: Managed;
}

const nothing: World = { object: {}, managed: nobody };
const at = { versions, subresource: undefined, time: "2026-01-01T00:00:00Z" };

function apply({ object, managed }: World, manager: string, spec?: JsonObject): Applied {
  return applied(managed, { ...at, live: object, config: spec ? { spec } : {}, manager });
}

function update({ object, managed }: World, manager: string, spec: JsonObject): World {
  const after = { ...object, spec: { ...(object.spec as JsonObject), ...spec } };
  return { object: after, managed: afterUpdate(managed, { ...at, before: object, after, manager }) };
}

const fieldsOf = ({ managed }: World) =>
  Object.fromEntries(
    entriesOf(managed).map(({ manager, operation, fieldsV1 }) => [`${manager} ${operation}`, fieldsV1]),
  );

const word = fc.constantFrom("a", "b", "c");
const aSpec: fc.Arbitrary<JsonObject> = fc.record(
  {
    size: fc.integer({ min: 0, max: 2 }),
    labels: fc.dictionary(word, word, { noNullPrototype: true }),
    parts: fc.uniqueArray(fc.record({ name: word, note: word }, { requiredKeys: ["name"], noNullPrototype: true }), {
      selector: ({ name }) => name,
    }),
    atoms: fc.array(word, { maxLength: 2 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

const pick = (spec: JsonObject, fields: readonly string[]) =>
  Object.fromEntries(Object.entries(spec).filter(([field]) => fields.includes(field)));

describe("an apply", () => {
  test("done twice is the same as done once, whatever was there", () =>
    fc.assert(
      fc.property(aSpec, aSpec, (before, spec) => {
        const once = apply(update(nothing, "someone", before), "me", spec);
        const twice = apply(once, "me", spec);
        expect(twice.object).toEqual(once.object);
        expect(entriesOf(twice.managed)).toEqual(entriesOf(once.managed));
        expect(twice.conflicts).toEqual([]);
      }),
    ));

  test("commutes with one of other fields by somebody else, and neither conflicts", () =>
    fc.assert(
      fc.property(aSpec, aSpec, (mine, others) => {
        const [left, right] = [pick(mine, ["size", "parts"]), pick(others, ["labels", "atoms"])];
        const there = apply(apply(nothing, "a", left), "b", right);
        const back = apply(apply(nothing, "b", right), "a", left);
        expect(there.object).toEqual(back.object);
        expect(fieldsOf(there)).toEqual(fieldsOf(back));
        expect([...there.conflicts, ...back.conflicts]).toEqual([]);
      }),
    ));

  test("of less takes away what its manager alone owned, and nothing else", () => {
    const both = apply(apply(nothing, "a", { size: 1, labels: { x: "1" } }), "b", { labels: { x: "1", y: "2" } });
    const less = apply(both, "a", { size: 1 });
    expect(less.object).toEqual({ spec: { size: 1, labels: { x: "1", y: "2" } } });
    expect(apply(less, "b", {}).object).toEqual({ spec: { size: 1 } });
  });

  test("of nothing takes away everything that its manager applied before", () =>
    fc.assert(
      fc.property(aSpec, (spec) => {
        const gone = apply(apply(nothing, "me", spec), "me");
        expect(fieldsOf(gone)).toEqual({});
        expect(JSON.stringify(gone.object)).toMatch(/^\{("spec":(null|\{("\w+":\[\],?)*\}))?\}$/);
      }),
    ));

  test("leaves an item of a list that somebody else has put something into", () => {
    const listed = apply(nothing, "a", { parts: [{ name: "x" }, { name: "y" }] });
    const noted = apply(listed, "b", { parts: [{ name: "x", note: "mine" }] });
    expect(apply(noted, "a", { parts: [] }).object).toEqual({ spec: { parts: [{ name: "x", note: "mine" }] } });
  });

  test("conflicts over a field that another owns and it would change, not over one it would leave", () => {
    const owned = update(nothing, "editor", { size: 1, atoms: ["a"] });
    expect(apply(owned, "me", { size: 1, atoms: ["a"] }).conflicts).toEqual([]);
    const { conflicts, managed, object } = apply(owned, "me", { size: 2, atoms: ["a"] });
    expect(conflictMessage(conflicts)).toBe(
      'Apply failed with 1 conflict: conflict with "editor" using v1: .spec.size',
    );
    expect(fieldsOf({ object, managed })).toEqual({
      "me Apply": { "f:spec": { "f:size": {}, "f:atoms": {} } },
      "editor Update": { "f:spec": { ".": {}, "f:atoms": {} } },
    });
  });

  test("lists several conflicts by manager and in the order of their paths", () => {
    const owned = apply(update(nothing, "editor", { size: 1, labels: { x: "1" } }), "other", { atoms: ["a"] });
    const { conflicts } = apply(owned, "me", { size: 2, labels: { x: "2" }, atoms: ["b"] });
    expect(conflictMessage(conflicts)).toBe(
      'Apply failed with 3 conflicts: conflicts with "editor" using v1:\n- .spec.size\n- .spec.labels.x\nconflicts with "other":\n- .spec.atoms',
    );
  });
});

describe("an update", () => {
  test("takes what it changes from whoever had it, and leaves it to them when it does not", () => {
    const owned = apply(nothing, "a", { size: 1, labels: { x: "1" } });
    expect(fieldsOf(update(owned, "editor", { size: 2 }))).toEqual({
      "a Apply": { "f:spec": { "f:labels": { "f:x": {} } } },
      "editor Update": { "f:spec": { "f:size": {} } },
    });
    expect(fieldsOf(update(owned, "editor", { size: 1 }))).toEqual(fieldsOf(owned));
  });

  test("of a version that is no longer served loses its owners", () => {
    const old: Entry = { ...entryOf("old", "v0"), fieldsV1: { "f:spec": { "f:size": {} } } };
    const managed = new Map([[managerKey(old), old]]);
    expect(fieldsOf(update({ object: {}, managed }, "me", { labels: { x: "1" } }))).not.toHaveProperty("old Update");
  });
});

const entryOf = (manager: string, apiVersion = "v1", time = "2026-01-01T00:00:00Z"): Entry => ({
  manager,
  operation: "Update",
  apiVersion,
  time,
  fieldsType: "FieldsV1",
  fieldsV1: { [`f:${manager}`]: {} },
});

const managedBy = (entries: readonly Entry[]): Managed => new Map(entries.map((entry) => [managerKey(entry), entry]));

test("of more than ten managers that update, the oldest are put together as ancient-changes", () => {
  const entries = Array.from({ length: 13 }, (_, i) => entryOf(`m${i + 10}`, "v1", `2026-01-01T00:00:${i + 10}Z`));
  expect(capped(managedBy(entries.slice(0, 10))).size).toBe(10);
  const left = entriesOf(capped(managedBy(entries)));
  expect(left.map(({ manager }) => manager)).toEqual([
    "ancient-changes",
    ...entries.slice(4).map(({ manager }) => manager),
  ]);
  expect(left[0]).toMatchObject({
    time: "2026-01-01T00:00:13Z",
    fieldsV1: { "f:m10": {}, "f:m11": {}, "f:m12": {}, "f:m13": {} },
  });
});

test.each<[string, JsonObject]>([
  ["no operation", { operation: undefined }],
  ["another operation", { operation: "Delete" }],
  ["no version", { apiVersion: "" }],
  ["another type of fields", { fieldsType: "FieldsV2" }],
  ["fields that are a list", { fieldsV1: ["f:spec"] }],
  ["an element that is none", { fieldsV1: { spec: {} } }],
  ["keys that are no JSON", { fieldsV1: { "k:{name": {} } }],
  ["a manager that is a number", { manager: 7 }],
])("managedFields of a client with %s are not understood", (_what, change) => {
  expect(parseManaged([entryOf("m")])?.size).toBe(1);
  expect(parseManaged([{ ...entryOf("m"), ...change }])).toBeUndefined();
});

test("an element that a client spells in its own way is brought to the one spelling", () => {
  const fieldsV1 = { 'k:{"port": 80, "name":"a<b"}': { ".": {}, "f:x": {} }, "x:unknown": {} };
  const [entry] = parseManaged([{ ...entryOf("m"), fieldsV1 }])?.values() ?? [];
  expect(entry?.fieldsV1).toEqual({ 'k:{"name":"a\\u003cb","port":80}': { ".": {}, "f:x": {} } });
});
