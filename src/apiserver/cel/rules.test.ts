import { describe, expect, test } from "vitest";
import type { Json } from "../../lib/json.ts";
import type { Schema, ValidationRule } from "../schema/schema.ts";
import { ruleProblems } from "./rule.ts";
import { compileRules } from "./rules.ts";

const properties: Record<string, Schema> = {
  x: { type: "string" },
  n: { type: "integer" },
  big: { type: "integer", format: "int64" },
  f: { type: "number" },
  at: { type: "string", format: "date-time" },
  names: { type: "array", items: { type: "string" } },
  labels: { type: "object", additionalProperties: { type: "string" } },
  size: { "x-kubernetes-int-or-string": true },
  namespace: { type: "string" },
  "my-name": { type: "string" },
  "a.b/c": { type: "string" },
  inner: { type: "object", properties: { y: { type: "string" } } },
};

function judge(rule: string | ValidationRule, value: Json, old?: Json) {
  const rules = [typeof rule === "string" ? { rule, message: "no" } : rule];
  const check = compileRules({ type: "object", properties, "x-kubernetes-validations": rules });
  return check?.(value, old, undefined) ?? [];
}

const messages = (rule: string | ValidationRule, value: Json, old?: Json) =>
  judge(rule, value, old).map(({ field, message }) => `${field}: ${message}`);

describe("a validation rule", () => {
  test.each<[string, Json]>([
    ["has(self.x) != has(self.n)", { x: "a" }],
    ["self.n == 7 && self.n + 1 == 8", { n: 7 }],
    ["self.big == 9007199254740993", { big: 9007199254740993n }],
    ["self.f > 1.2", { f: 1.5 }],
    ["self.at < timestamp('2027-01-01T00:00:00Z')", { at: "2026-01-01T00:00:00Z" }],
    ["self.names.all(n, n.startsWith('a')) && size(self.names) == 2", { names: ["ab", "ac"] }],
    ["self.names.exists_one(n, n == 'a')", { names: ["a", "b"] }],
    ["self.labels.all(k, self.labels[k] == 'v')", { labels: { "a.b/c": "v" } }],
    ["'app' in self.labels", { labels: { app: "db" } }],
    ["self.x.matches('^[a-z]+$')", { x: "abc" }],
    ["self.x.matches('(?i)ABC')", { x: "abc" }],
    [
      "self.__namespace__ == 'n' && self.my__dash__name == 'm' && self.a__dot__b__slash__c == 'c'",
      { namespace: "n", "my-name": "m", "a.b/c": "c" },
    ],
    ["type(self.size) == int ? self.size > 1 : self.size.endsWith('%')", { size: "5%" }],
    ["quantity(self.x).isLessThan(quantity('2Gi')) && isQuantity('1.5Gi')", { x: "1536Mi" }],
    ["self.names.isSorted() && self.names.max() == 'b'", { names: ["a", "b"] }],
    ["[1, 2].sum() == 3", {}],
    ["self.x.find('[0-9]+') == '12' && self.x.findAll('[0-9]').size() == 2", { x: "a12" }],
    ["isURL(self.x) && url(self.x).getHost() == 'a.b:81'", { x: "http://a.b:81/c" }],
    ["isIP('10.0.0.1') && ip('::1').family() == 6 && isCIDR('10.0.0.0/8')", {}],
    ["!format.dns1123Label().validate(self.x).hasValue()", { x: "a-b" }],
    ["sets.contains(self.names, ['a'])", { names: ["a", "b"] }],
    ["self.x.lowerAscii() == 'a' && self.x.split(',').size() == 1", { x: "A" }],
  ])("`%s` holds", (rule, value) => {
    expect(messages(rule, value)).toEqual([]);
  });

  test.each<[string, Json]>([
    ["has(self.x) != has(self.names)", { x: "a", names: [] }],
    ["self.n > 7", { n: 7 }],
    ["self.names.all(n, n != 'a')", { names: ["a"] }],
    ["!format.dns1123Label().validate(self.x).hasValue() && true", { x: "A_B" }],
  ])("`%s` refuses", (rule, value) => {
    expect(messages(rule, value)).toEqual([": Invalid value: no"]);
  });

  test("about a change is not asked when there was nothing before", () => {
    const rule = "!has(oldSelf.x) || self.x == oldSelf.x";
    expect(messages(rule, { x: "a" })).toEqual([]);
    expect(messages(rule, { x: "a" }, {})).toEqual([]);
    expect(messages(rule, { x: "a" }, { x: "a" })).toEqual([]);
    expect(messages(rule, { x: "b" }, { x: "a" })).toEqual([": Invalid value: no"]);
  });

  test("with an optional old value is asked on creation too", () => {
    const rule = { rule: "oldSelf.hasValue() || self.x == 'first'", optionalOldSelf: true, message: "no" };
    expect(messages(rule, { x: "first" })).toEqual([]);
    expect(messages(rule, { x: "other" })).toHaveLength(1);
    expect(messages(rule, { x: "other" }, { x: "first" })).toEqual([]);
  });

  test("compares whole objects with what they were", () => {
    const was = { inner: { y: "1" }, names: ["a"], big: 9007199254740992n };
    expect(messages("self == oldSelf", structuredClone(was), was)).toEqual([]);
    expect(messages("self == oldSelf", { ...was, big: 9007199254740993n }, was)).toHaveLength(1);
  });

  test("about a key that is not there is an error of its own", () => {
    expect(messages("self.inner.y == 'a'", { inner: {} })).toEqual([
      ': Invalid value: "object": no such key: y evaluating rule: no',
    ]);
  });

  test.each<[ValidationRule, string, string]>([
    [{ rule: "false", message: "m", reason: "FieldValueForbidden" }, "", "Forbidden: m"],
    [
      { rule: "false", message: "m", reason: "FieldValueRequired", fieldPath: ".inner.y" },
      ".inner.y",
      "Required value: m",
    ],
    [{ rule: "false", messageExpression: "'n is ' + string(self.n)" }, "", "Invalid value: n is 7"],
    [{ rule: "false", messageExpression: "self.x", message: "fixed" }, "", "Invalid value: fixed"],
    [{ rule: "self.n == 8" }, "", "Invalid value: failed rule: self.n == 8"],
  ])("says why in the way %j asks for", (rule, field, message) => {
    expect(judge(rule, { n: 7 })).toMatchObject([{ field, message }]);
  });

  test.each([
    ["self.x ==", ""],
    ["self.nothing == 1", "undefined field 'nothing'"],
    ["self.inner.z == 1", "undefined field 'z'"],
    ["other == 1", "undeclared reference to 'other'"],
    ["explode(self.x)", "undeclared reference to 'explode'"],
    ["self.names.all(n, m == 'a')", "undeclared reference to 'm'"],
    ["oldSelf.zz == 1", "undefined field 'zz'"],
  ])("`%s` does not compile, and the definition is told", (rule, why) => {
    const problems = ruleProblems({ type: "object", properties, "x-kubernetes-validations": [{ rule }] });
    expect(problems).toMatchObject([
      { at: "[0].rule", problem: expect.stringContaining(`compilation failed: ${why}`) as string },
    ]);
  });

  test("compiles whatever a rule of the project says", () => {
    const rules = ["!has(oldSelf.x) || self.x == oldSelf.x", "has(self.x) != has(self.n)", "self == oldSelf"];
    const schema: Schema = { type: "object", properties, "x-kubernetes-validations": rules.map((rule) => ({ rule })) };
    expect(ruleProblems(schema)).toEqual([]);
  });

  test("inside a keyed list meets the item of the same key, wherever it was", () => {
    const item: Schema = {
      type: "object",
      properties: {
        k: { type: "string" },
        v: { type: "string", "x-kubernetes-validations": [{ rule: "self == oldSelf" }] },
      },
    };
    const keyed: Schema = {
      type: "array",
      items: item,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["k"],
    };
    const check = compileRules({ type: "object", properties: { l: keyed } });
    const was = {
      l: [
        { k: "a", v: "1" },
        { k: "b", v: "2" },
      ],
    };
    expect(
      check?.(
        {
          l: [
            { k: "b", v: "2" },
            { k: "a", v: "1" },
          ],
        },
        was,
        undefined,
      ),
    ).toEqual([]);
    expect(check?.({ l: [{ k: "b", v: "3" }] }, was, undefined)).toMatchObject([{ field: "l[0].v" }]);
  });

  test("inside a list without keys is never asked about a change", () => {
    const check = compileRules({
      type: "array",
      items: { type: "string", "x-kubernetes-validations": [{ rule: "self == oldSelf" }] },
    });
    expect(check?.(["b"], ["a"], undefined)).toEqual([]);
  });

  test("need not be there: then nothing is checked at all", () => {
    expect(compileRules({ type: "object", properties: { inner: properties.inner ?? {} } })).toBeUndefined();
  });
});
