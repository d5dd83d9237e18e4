import { describe, expect, test } from "vitest";
import { meetsOneOf, type NodeSelectorTerm } from "./node-selector.ts";

const node = { name: "n1", labels: { zone: "a", disks: "8", broken: "many" } };
const asking = (term: NodeSelectorTerm["matchExpressions"]) => [{ matchExpressions: term ?? [] }];

describe("a node", () => {
  test.each<[string, readonly NodeSelectorTerm[]]>([
    ["a value among several", asking([{ key: "zone", operator: "In", values: ["a", "b"] }])],
    ["no such value", asking([{ key: "zone", operator: "NotIn", values: ["b"] }])],
    ["a label that is not there, and no value of it", asking([{ key: "rack", operator: "NotIn", values: ["1"] }])],
    ["a label", asking([{ key: "zone", operator: "Exists" }])],
    ["no label", asking([{ key: "rack", operator: "DoesNotExist" }])],
    ["more", asking([{ key: "disks", operator: "Gt", values: ["7"] }])],
    ["less", asking([{ key: "disks", operator: "Lt", values: ["9"] }])],
    ["its name", [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["n1"] }] }]],
    [
      "one of two terms",
      [...asking([{ key: "rack", operator: "Exists" }]), ...asking([{ key: "zone", operator: "Exists" }])],
    ],
  ])("meets a term that asks for %s", (_what, terms) => {
    expect(meetsOneOf(terms, node)).toBe(true);
  });

  test.each<[string, readonly NodeSelectorTerm[]]>([
    ["no term at all", []],
    ["a term that asks for nothing", [{}]],
    ["another value", asking([{ key: "zone", operator: "In", values: ["b"] }])],
    ["a label that it has not", asking([{ key: "rack", operator: "In", values: ["1"] }])],
    ["more than it has", asking([{ key: "disks", operator: "Gt", values: ["8"] }])],
    ["less of what is no number", asking([{ key: "broken", operator: "Lt", values: ["9"] }])],
    ["another name", [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["n2"] }] }]],
    [
      "one thing it has and one that it has not",
      asking([
        { key: "zone", operator: "Exists" },
        { key: "rack", operator: "Exists" },
      ]),
    ],
  ])("does not meet %s", (_what, terms) => {
    expect(meetsOneOf(terms, node)).toBe(false);
  });
});
