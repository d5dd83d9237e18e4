import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../lib/json.ts";
import { list, listBy, mapOf, object, text, texts } from "../kinds/fields.ts";
import { applyStrategicPatch } from "./strategic.ts";

const item = object("An item.", { name: text("Its name."), value: text("Its value."), tags: textsMerged() });
const schema = object("A thing.", {
  items: listBy("Merged by name.", ["name"], item),
  atomic: texts("Replaced whole."),
  objects: list("Replaced whole too.", item),
  tags: textsMerged(),
  union: { ...object("One of.", { a: text("A."), b: text("B.") }), "x-kubernetes-patch-strategy": "retainKeys" },
  map: mapOf("A map of lists.", textsMerged()),
});

function textsMerged() {
  return { ...texts("Merged."), "x-kubernetes-patch-strategy": "merge" };
}

const apply = (doc: JsonObject, patch: Json) => applyStrategicPatch(doc, patch, schema);
const a1 = { name: "a", value: "1" };
const b1 = { name: "b", value: "1" };

describe("a strategic merge patch", () => {
  test.each<[string, JsonObject, JsonObject, JsonObject]>([
    [
      "changes one item of a keyed list",
      { items: [a1, b1] },
      { items: [{ name: "b", value: "2" }] },
      { items: [a1, { name: "b", value: "2" }] },
    ],
    ["adds an item to a keyed list", { items: [a1] }, { items: [b1] }, { items: [a1, b1] }],
    ["deletes an item by its key", { items: [a1, b1] }, { items: [{ name: "a", $patch: "delete" }] }, { items: [b1] }],
    [
      "replaces a keyed list",
      { items: [a1, b1] },
      { items: [{ $patch: "replace" }, { name: "c" }] },
      { items: [{ name: "c" }] },
    ],
    [
      "replaces a list without a key",
      { atomic: ["x"], objects: [a1] },
      { atomic: ["y"], objects: [b1] },
      { atomic: ["y"], objects: [b1] },
    ],
    ["adds to a merged list of texts, each once", { tags: ["x"] }, { tags: ["y", "x"] }, { tags: ["x", "y"] }],
    ["takes texts out of a list", { tags: ["x", "y"] }, { "$deleteFromPrimitiveList/tags": ["x"] }, { tags: ["y"] }],
    ["replaces an object", { union: { a: "1" } }, { union: { $patch: "replace", b: "2" } }, { union: { b: "2" } }],
    ["empties an object", { union: { a: "1" } }, { union: { $patch: "delete" } }, { union: {} }],
    [
      "keeps only the listed keys",
      { union: { a: "1" } },
      { union: { $retainKeys: ["b"], b: "2" } },
      { union: { b: "2" } },
    ],
    ["removes by null", { tags: ["x"], atomic: ["y"] }, { tags: null }, { atomic: ["y"] }],
    ["merges lists inside maps", { map: { k: ["x"] } }, { map: { k: ["y"] } }, { map: { k: ["x", "y"] } }],
    [
      "merges as deep as the schema goes",
      { items: [{ name: "a", tags: ["x"] }] },
      { items: [{ name: "a", tags: ["y"] }] },
      { items: [{ name: "a", tags: ["x", "y"] }] },
    ],
    [
      "drops directives where nothing was",
      {},
      { union: { $retainKeys: ["a"], a: "1" }, items: [{ name: "z", $patch: "delete" }] },
      { union: { a: "1" }, items: [] },
    ],
    [
      "puts items into the order asked for, others where they were",
      { items: [a1, { name: "server" }, b1] },
      { "$setElementOrder/items": [{ name: "b" }, { name: "c" }, { name: "a" }], items: [{ name: "c" }] },
      { items: [{ name: "server" }, b1, { name: "c" }, a1] },
    ],
    [
      "orders a list of texts",
      { tags: ["x", "y"] },
      { "$setElementOrder/tags": ["z", "y", "x"], tags: ["z"] },
      { tags: ["z", "y", "x"] },
    ],
  ])("%s", (_what, doc, patch, expected) => {
    const before = structuredClone(doc);
    expect(apply(doc, patch)).toEqual(expected);
    expect(doc).toEqual(before);
  });

  test.each<[string, Json, string]>([
    ["is no object", [], "must be a JSON object"],
    ["has an item without its key", { items: [{ value: "1" }] }, 'does not contain its merge key "name"'],
    ["has a text among objects", { items: ["a"] }, "whose items are objects"],
    ["has a directive nobody knows", { union: { $patch: "turn" } }, "unknown directive \\$patch: turn"],
    ["sets a key it does not retain", { union: { $retainKeys: ["a"], b: "1" } }, "\\$retainKeys does not list"],
  ])("is refused when it %s, saying so", (_what, patch, message) => {
    expect(() => apply({ items: [a1], union: { a: "1" } }, patch)).toThrow(new RegExp(message));
  });

  test("changes nothing when a keyed list is merged with itself", () => {
    const items = fc.uniqueArray(fc.record({ name: fc.string(), value: fc.string() }), { selector: (one) => one.name });
    fc.assert(
      fc.property(items, (some) => {
        expect(apply({ items: some }, { items: some })).toEqual({ items: some });
      }),
    );
  });
});
