import fc from "fast-check";
import { expect, test } from "vitest";
import { formatQuantity, parseQuantity } from "./quantity.ts";

test.each([
  ["0", 0n],
  ["1024", 1024n],
  ["1Ki", 1024n],
  ["1Gi", 1n << 30n],
  ["1.5Gi", 3n << 29n],
  [".5Mi", 1n << 19n],
  ["500M", 500_000_000n],
  ["1e9", 1_000_000_000n],
  ["1E3", 1_000n],
  ["2E", 2n * 10n ** 18n],
  ["8Ei", 8n << 60n],
  ["+3k", 3_000n],
  ["100m", 1n],
  ["1.", 1n],
])("reads the quantity %s exactly", (text, bytes) => {
  expect(parseQuantity(text)).toBe(bytes);
});

test.each(["", "Gi", "1gi", "1 Gi", "1GiB", "-1Gi", "1e99", "0x10", "1.2.3", "NaN", "9".repeat(65)])(
  "refuses %j as a size and says how to write one",
  (text) => {
    expect(() => parseQuantity(text)).toThrow(/is no size: write it as 1Gi, 500M or 1024/);
  },
);

test("writes a size in its shortest exact binary form", () => {
  expect([0n, 1000n, 1536n, 3n << 29n, 1n << 30n, 1n << 60n].map(formatQuantity)).toEqual([
    "0",
    "1000",
    "1536",
    "1536Mi",
    "1Gi",
    "1Ei",
  ]);
});

test("reads back every size it writes", () => {
  fc.assert(fc.property(fc.bigInt(0n, 1n << 63n), (bytes) => parseQuantity(formatQuantity(bytes)) === bytes));
});
