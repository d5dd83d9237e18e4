import { expect, test } from "vitest";
import { aClaim, aVolumeFor } from "../testing/objects/storage.ts";
import { isHere } from "./deps.ts";

const options = { timeoutMs: 1, extraCreateMetadata: false };
const onNode = (value: string) => {
  const matchExpressions = [{ key: "at/node", operator: "In" as const, values: [value] }];
  return aVolumeFor(aClaim("data"), { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } });
};

test("a volume is the business of the provisioner on the node that it is on, by what that node's driver says", () => {
  const here = { ...options, nodeName: "a", place: { "at/node": "a" } };
  expect([isHere(onNode("a"), here), isHere(onNode("b"), here)]).toEqual([true, false]);
  expect(isHere(onNode("a"), { ...options, nodeName: "a" })).toBe(false);
});

test("every volume is the business of a provisioner for all nodes", () => {
  expect(isHere(onNode("b"), options)).toBe(true);
});
