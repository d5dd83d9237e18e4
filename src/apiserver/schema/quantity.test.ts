import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalQuantity, compareQuantities, parseQuantity } from "./quantity.ts";

const get = (text: string) => {
  const quantity = parseQuantity(text);
  if (!quantity) throw new Error(`${text} is no quantity`);
  return quantity;
};

describe("a quantity", () => {
  test.each([
    ["1024Mi", "1Gi"],
    ["1.5Gi", "1536Mi"],
    ["0.5Gi", "512Mi"],
    ["1Gi", "1Gi"],
    ["1000", "1k"],
    ["5", "5"],
    ["1e9", "1e9"],
    ["1E3", "1e3"],
    ["1000m", "1"],
    ["0.1", "100m"],
    ["1500m", "1500m"],
    ["0", "0"],
    ["0Gi", "0"],
    ["-2Gi", "-2Gi"],
    [".5", "500m"],
    ["9223372036854775807", "9223372036854775807"],
  ])("%s is written %s", (text, canonical) => {
    expect(canonicalQuantity(get(text))).toBe(canonical);
  });

  test.each(["", "Gi", "1 Gi", "1gi", "1KB", "--1", "1e", "ten", "1e999"])("is not `%s`", (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  test("keeps its amount when it is written canonically", () => {
    const units = fc.constantFrom("", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3");
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 12n), 10n ** 12n), units, (amount, unit) => {
        const quantity = get(`${amount}${unit}`);
        expect(compareQuantities(get(canonicalQuantity(quantity)), quantity)).toBe(0);
      }),
    );
  });

  test("is compared by amount, whatever its unit", () => {
    expect(compareQuantities(get("1Gi"), get("1G"))).toBe(1);
    expect(compareQuantities(get("1000Mi"), get("1Gi"))).toBe(-1);
    expect(compareQuantities(get("1Gi"), get("1073741824"))).toBe(0);
  });
});
