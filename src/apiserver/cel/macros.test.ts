import { describe, expect, test } from "vitest";
import type { Json } from "../../lib/json.ts";
import type { Schema } from "../schema/schema.ts";
import { beginObject } from "./budget.ts";
import { compileExpression } from "./expression.ts";
import { withoutOptionalSyntax } from "./optional-syntax.ts";
import { celValueOf } from "./value.ts";

function value(text: string, self: Json, schema?: Schema): unknown {
  beginObject();
  const expression = compileExpression(text, { self: schema, oldSelf: undefined });
  return expression.evaluate({ self: celValueOf(schema)(self) });
}

describe("a rule may", () => {
  test.each([
    ["name a value", "cel.bind(x, self.a + 1, x * x)", { a: 2 }, 9n],
    ["name values within values", "cel.bind(x, 2, cel.bind(y, x + 1, x * y))", {}, 6n],
    ["look at items with their index", "self.all(i, v, v == i * 10)", [0, 10, 20], true],
    ["look for an item with its index", "self.exists(i, v, i == 1 && v == 'b')", ["a", "b"], true],
    ["want exactly one item with its index", "self.existsOne(i, v, v == 'b')", ["b", "b"], false],
    ["look at keys with their values", "self.all(k, v, k == v)", { a: "a", b: "c" }, false],
    ["make a list of both", "self.transformList(i, v, i + v).sum() == 9", [1, 2, 3], true],
    ["make a list of some", "self.transformList(i, v, v > 1, i) == [1, 2]", [1, 2, 3], true],
    ["make a map of values", "self.transformMap(k, v, v + 1) == {'a': 2}", { a: 1 }, true],
    ["make a map of some", "self.transformMap(k, v, k != 'a', v) == {'b': 2}", { a: 1, b: 2 }, true],
    ["make a map of entries", "self.transformMapEntry(k, v, {v: k}) == {'x': 'a'}", { a: "x" }, true],
    [
      "use both in one another",
      "self.all(i, v, v.all(j, w, w == i + j))",
      [
        [0, 1],
        [1, 2],
      ],
      true,
    ],
    ["ask for a field that may be absent", "self.?a.orValue('none')", {}, "none"],
    ["ask for one that is there", "self.?a.hasValue() && self.?a.value() == 'x'", { a: "x" }, true],
    ["ask for a field of what may be absent", "self.?a.b.?c.orValue(7)", { a: { b: { c: 1 } } }, 1n],
    ["ask so where all of it is absent", "self.?a.b.?c.orValue(7)", {}, 7n],
    ["ask for an item that may be absent", "self[?3].orValue(0) + self[?0].orValue(0)", [5], 5n],
    ["ask for an item of what may be absent", "self.?list[0].orValue(9)", {}, 9n],
    ["make optionals", "optional.of(1).or(optional.none()).value() + optional.none().orValue(1)", {}, 2n],
    ["hold what is not empty", "optional.ofNonZeroValue(self.a).hasValue()", { a: "" }, false],
    ["go on with what is there", "self.?a.optMap(x, x + 1).orValue(0)", { a: 4 }, 5n],
    ["go on with another optional", "self.?a.optFlatMap(x, x.?b).orValue(0)", { a: { b: 3 } }, 3n],
    ["have a question mark in a text, and a choice", "self.a == '.?x[?' ? 'yes' : \"no\"", { a: ".?x[?" }, "yes"],
  ] as const)("%s: %s", (_what, text, self, expected) => expect(value(text, self)).toEqual(expected));

  test("not ask for a field that the schema does not have, be it optionally", () => {
    const schema: Schema = { type: "object", properties: { a: { type: "string" } } };
    expect(value("self.?a.orValue('b')", {}, schema)).toBe("b");
    expect(() => value("self.?wrong.orValue('b')", {}, schema)).toThrow(/undefined field 'wrong'/);
  });

  test("not use a variable outside of where it is named", () => {
    expect(() => value("cel.bind(x, 1, x) + x", {})).toThrow(/undeclared reference to 'x'/);
    expect(() => value("self.all(i, v, true) && v", [])).toThrow(/undeclared reference to 'v'/);
  });
});

test.each([
  ["a.?b[?c[0]].?d", 'a.__select("b").__at(c[0]).__select("d")'],
  ["f(x)[?[1][0]] ? 'a[?' : r'.?b'", "f(x).__at([1][0]) ? 'a[?' : r'.?b'"],
  ["[?a]", "[?a]"],
  ["x // a.?b", "x // a.?b"],
])("%s is written %s for the parser", (text, expected) => expect(withoutOptionalSyntax(text)).toBe(expected));

describe("a rule that does too much", () => {
  test("is stopped, however its loops are written", () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    const message = /no further validation rules will be run due to call cost exceeds limit for rule: /;
    expect(() => value("self.all(a, self.all(b, a + b >= 0))", numbers)).toThrow(message);
    expect(() => value("self.map(a, self.map(b, self.filter(c, c > a))).size() > 0", numbers)).toThrow(message);
    const tens = "[1,2,3,4,5,6,7,8,9,10]";
    const nested = "a b c d e f g".split(" ").reduce((inner, name) => `${tens}.all(${name}, ${inner})`, "true");
    expect(() => value(nested, {})).toThrow(message);
  });

  test.each([
    "self.all(a, TEXT.matches(PATTERN))",
    "self.all(a, TEXT.find(PATTERN) != '')",
    "TEXT.findAll(PATTERN) != []",
  ])("is stopped, whichever way it looks for a pattern: %s", (rule) => {
    const text = rule.replace("TEXT", `'${"ab".repeat(2_000)}'`).replace("PATTERN", "'[ab]*c|a'");
    const thousand = Array.from({ length: 1000 }, () => 1);
    expect(() => value(text, thousand)).toThrow(/call cost exceeds limit for rule/);
  });

  test("is stopped when its patterns are too large to compile them all", () => {
    const patterns = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `'${"[ab]{0,900}".repeat(25)}${n}'`);
    expect(() => value(`[${patterns.join(",")}].all(p, !''.matches(p))`, {})).toThrow(/exceeds limit for rule/);
  });

  test("leaves a rule that does less alone", () => {
    const numbers = Array.from({ length: 300 }, (_, i) => i);
    expect(value("self.all(a, self.all(b, a + b >= 0))", numbers)).toBe(true);
  });
});
