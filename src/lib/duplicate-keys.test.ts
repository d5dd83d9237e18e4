import fc from "fast-check";
import { expect, test } from "vitest";
import { duplicateKeys } from "./duplicate-keys.ts";

test.each([
  ['{"a":1,"a":2}', ["a"]],
  ['{"spec":{"size":1,"b":{"size":2},"size":3}}', ["spec.size"]],
  ['[{"op":"add","value":"op","op":"add"},{"op":1}]', ["[0].op"]],
  ['{"parts":[[1,{"x":1}],{"n":1,"n":[{"y":1,"y":2}]}]}', ["parts[1].n", "parts[1].n[0].y"]],
  ['{"a":1,"\\u0061":2}', ["a"]],
  ['{"a":"{\\"b\\":1,\\"b\\":2}","c":",","d":["a","a"]}', []],
  ['"a"', []],
  ["[]", []],
])("the keys that %s has twice are named by their paths", (text, expected) => {
  expect(duplicateKeys(text)).toEqual(expected);
});

test("what was written by JSON.stringify has no key twice", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(duplicateKeys(JSON.stringify(value))).toEqual([]);
    }),
  );
});

test("no more than a hundred repeated keys are named", () => {
  expect(duplicateKeys(`{${'"a":1,'.repeat(1000)}"a":1}`)).toHaveLength(100);
});
