import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseLabelSelector } from "./label.ts";

const labels = { app: "db", tier: "back", size: "7", empty: "", "example.com/zone": "a" };

describe("a label selector", () => {
  test.each([
    "",
    "app=db",
    "app==db",
    "app!=web",
    "gone!=x",
    "app in (db, web)",
    "app notin (web)",
    "gone notin (web)",
    "app",
    "!gone",
    "size>6",
    "size<8",
    "empty=",
    "example.com/zone=a",
    "app=db,tier=back,!gone",
    " app = db , tier in ( back ) ",
  ])("selects the labels by `%s`", (text) => {
    expect(parseLabelSelector(text)(labels)).toBe(true);
  });

  test.each(["app=web", "app!=db", "app in (web)", "app notin (db)", "gone", "!app", "size>7", "app>1", "app=db,gone"])(
    "passes the labels over by `%s`",
    (text) => {
      expect(parseLabelSelector(text)(labels)).toBe(false);
    },
  );

  test.each([
    ["app=", "=db", "label key"],
    ["an operator without a list", "app in db", 'where "\\(" is expected'],
    ["a list without its end", "app in (db", "its end"],
    ["two values", "app=a b", 'where "," is expected'],
    ["a value with a slash", "app=a/b", "label value"],
    ["a comparison with a word", "size>big", "not an integer"],
    ["a trailing comma", "app=db,", "label key"],
  ])("is refused, saying where, when it has %s", (_what, text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(new RegExp(message));
  });

  test("does not mistake inherited properties for labels", () => {
    expect(parseLabelSelector("constructor")({})).toBe(false);
  });

  test("selects by equality exactly the objects whose label has that value", () => {
    const name = fc.stringMatching(/^[a-z]{1,5}$/);
    fc.assert(
      fc.property(name, name, fc.dictionary(name, name), (key, value, some) => {
        expect(parseLabelSelector(`${key}=${value}`)(some)).toBe(Object.hasOwn(some, key) && some[key] === value);
        expect(parseLabelSelector(`${key}!=${value}`)(some)).toBe(!parseLabelSelector(`${key}=${value}`)(some));
      }),
    );
  });
});
