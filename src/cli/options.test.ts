import { describe, expect, test } from "vitest";
import { httpAddress, labels, sizeInBytes, wholeNumber } from "./options.ts";

describe("sizes", () => {
  test.each([
    ["500Mi", 524_288_000n],
    ["10G", 10_000_000_000n],
    ["4096", 4096n],
  ])("reads the size %s as %s bytes", (text, bytes) => {
    expect(sizeInBytes(text)).toBe(bytes);
  });

  test.each(["", "0", "ten", "-1Gi", "1.5Gi", "1GiB"])("refuses %j as a size and shows two that work", (text) => {
    expect(() => sizeInBytes(text)).toThrow(/500Mi or 10Gi/);
  });
});

test("refuses a port over the limit and names the range", () => {
  expect(() => wholeNumber(0, 65_535)("65536")).toThrow('give a whole number from 0 to 65535, not "65536".');
});

describe("labels", () => {
  test("reads pairs of name and value", () => {
    expect(labels("team:storage,tier:gold")).toEqual({ team: "storage", tier: "gold" });
  });

  test.each(["", "team", "team=storage", ":storage", "a:b:c", "a:b,"])("refuses %j as labels", (text) => {
    expect(() => labels(text)).toThrow("give labels such as team:storage,tier:gold");
  });
});

describe("addresses", () => {
  test.each([
    [":8080", { host: undefined, port: 8080 }],
    ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["localhost:65535", { host: "localhost", port: 65_535 }],
    ["[::1]:8080", { host: "::1", port: 8080 }],
  ])("reads the address %s", (text, address) => {
    expect(httpAddress(text)).toEqual(address);
  });

  test.each(["", "8080", ":", ":65536", "::1:8080", "http://x:80"])("refuses %j as an address", (text) => {
    expect(() => httpAddress(text)).toThrow(/such as :8080 or 127\.0\.0\.1:8080/);
  });
});
