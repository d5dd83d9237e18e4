import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalJson, parseJson, stringifyJson } from "./json.ts";

/** Any JSON value, with integers of up to 64 bits among the numbers. */
const anyJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter(isPlain),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map(asParsed),
    fc.string(),
    fc.constantFrom("integer:12345678901234567890", "xinteger:1", 'a "12345678901234567890" b', "\\", '\\"'),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "integer:1")), tie("value"), { maxKeys: 4 }),
  ),
})).value;

/** False for -0, which JSON has no text for, and for large integers, which come back as bigints with the digits printed. */
function isPlain(number: number): boolean {
  return !Object.is(number, -0) && (Number.isSafeInteger(number) || !Number.isInteger(number));
}

/** A bigint only where a number would lose digits. */
function asParsed(integer: bigint): number | bigint {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

describe("JSON with integers of 64 bits", () => {
  test("any value comes back from text as it went in, digit for digit", () => {
    fc.assert(
      fc.property(anyJson, fc.constantFrom(undefined, 2), (value, indent) => {
        const text = stringifyJson(value, indent);
        expect(equalJson(parseJson(text), value)).toBe(true);
        expect(stringifyJson(parseJson(text), indent)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test("any text is read as JSON.parse reads it, long integers aside", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(stringifyJson(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test.each([
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["9223372036854775807", 9223372036854775807n],
    ["-9223372036854775808", -9223372036854775808n],
    ["18446744073709551615", 18446744073709551615n],
    ["0.12345678901234567890", 0.12345678901234568],
    ["1234567890123456789.5", 1234567890123456800],
    ["1e0000000000000000005", 100000],
    ["12345678901234567890e2", 1234567890123456800000],
    ["123456789012345678901", 123456789012345680000],
    ['"12345678901234567890"', "12345678901234567890"],
    ['"\\"12345678901234567890"', '"12345678901234567890'],
    ['["integer:1",12345678901234567890]', ["integer:1", 12345678901234567890n]],
    ['["\\u0069nteger:1",12345678901234567890]', ["integer:1", 12345678901234567890n]],
  ])("%s is read as what it says", (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  test("a key named __proto__ is a key like any other", () => {
    const value = parseJson('{"__proto__":12345678901234567890}');
    expect(Object.entries(value ?? {})).toEqual([["__proto__", 12345678901234567890n]]);
  });

  test.each([
    "{12345678901234567890:1}",
    "[012345678901234567890]",
    '{"a":12345678901234567890',
    "[+12345678901234567890]",
  ])("%s is refused with the message of JSON.parse", (text) => {
    const refusal = messageOf(() => JSON.parse(text));
    expect(() => parseJson(text)).toThrow(new SyntaxError(refusal));
  });

  test("a long string full of escapes does not exhaust the stack", () => {
    const long = '\\"'.repeat(1_000_000);
    expect(parseJson(`{"n":12345678901234567890,"s":${JSON.stringify(long)}}`)).toEqual({
      n: 12345678901234567890n,
      s: long,
    });
  });

  test("a cycle is refused, with bigints beside it or without", () => {
    const cycle: unknown[] = [1n];
    cycle.push(cycle);
    expect(() => stringifyJson(cycle)).toThrow(TypeError);
    expect(() => stringifyJson(cycle.slice(1))).toThrow(TypeError);
  });
});

interface Pair {
  readonly what: string;
  readonly a: unknown;
  readonly b: unknown;
  readonly equal: boolean;
}

describe("equality of JSON", () => {
  const pairs: readonly Pair[] = [
    { what: "a number and its bigint", a: 7, b: 7n, equal: true },
    { what: "a number and its bigint at the edge of doubles", a: 2 ** 53, b: 2n ** 53n, equal: true },
    { what: "neighbours beyond the edge of doubles", a: 2 ** 53, b: 2n ** 53n + 1n, equal: false },
    { what: "a number that prints with an exponent and its bigint", a: 1e21, b: 10n ** 21n, equal: true },
    { what: "a fraction and a bigint", a: 0.5, b: 0n, equal: false },
    { what: "objects with their keys in another order", a: { a: 1, b: 2 }, b: { b: 2, a: 1n }, equal: true },
    { what: "an undefined field and an absent one", a: { a: 1, b: undefined }, b: { a: 1 }, equal: true },
    { what: "objects with as many but other keys", a: { a: 1 }, b: { b: 1 }, equal: false },
    { what: "keys that every object inherits", a: { toString: 1 }, b: { valueOf: 1 }, equal: false },
    { what: "lists in another order", a: [1, 2], b: [2, 1], equal: false },
    { what: "an empty list and an empty object", a: [], b: {}, equal: false },
    { what: "an empty object and null", a: {}, b: null, equal: false },
    { what: "a string and a number", a: "1", b: 1, equal: false },
  ];
  test.each(pairs)("between $what is $equal, both ways round", ({ a, b, equal }) => {
    expect([equalJson(a, b), equalJson(b, a)]).toEqual([equal, equal]);
  });
});

function messageOf(work: () => unknown): string {
  try {
    work();
    return "it was not refused";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
