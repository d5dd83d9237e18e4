import { describe, expect, test } from "vitest";
import { durationMs, fromGoFlags, parseBoolean, positiveDurationMs } from "./go-flags.ts";

test.each([
  { given: ["-csi-address=/run/csi.sock"], reads: ["--csi-address=/run/csi.sock"] },
  { given: ["-csi-address", "/run/csi.sock"], reads: ["--csi-address", "/run/csi.sock"] },
  { given: ["-v=5"], reads: ["-v", "5"] },
  { given: ["--v=5"], reads: ["-v", "5"] },
  { given: ["--v", "5"], reads: ["-v", "5"] },
  { given: ["-v", "5"], reads: ["-v", "5"] },
  { given: ["--leader-election=false"], reads: ["--leader-election=false"] },
  { given: ["--snapshot-name-uuid-length=-1"], reads: ["--snapshot-name-uuid-length=-1"] },
  { given: ["verify", "write", "--", "-odd=name"], reads: ["verify", "write", "--", "-odd=name"] },
  { given: ["-kubeconfig=a=b"], reads: ["--kubeconfig=a=b"] },
])("reads $given as $reads", ({ given, reads }) => {
  expect(fromGoFlags(given)).toEqual(reads);
});

describe("durations", () => {
  test.each([
    ["30s", 30_000],
    ["1m30s", 90_000],
    ["1m0s", 60_000],
    ["500ms", 500],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["250us", 0.25],
    ["250µs", 0.25],
    ["0", 0],
    ["0s", 0],
  ])("reads the duration %s as %d ms", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  test.each(["", "30", "s", "1d", "30s!", "-1s"])("refuses %j as a duration", (text) => {
    expect(() => durationMs(text)).toThrow(/such as 30s/);
  });

  test.each(["0", "0s"])("refuses %j where a duration must be longer than nothing", (text) => {
    expect(() => positiveDurationMs(text)).toThrow(/such as 30s/);
  });
});

test.each([
  ...["1", "t", "T", "true", "TRUE", "True"].map((text) => ({ text, value: true })),
  ...["0", "f", "F", "false", "FALSE", "False"].map((text) => ({ text, value: false })),
])("reads $text as $value, as Go does", ({ text, value }) => {
  expect(parseBoolean(text)).toBe(value);
});

test.each(["", "yes", "no", "tRUE", "2"])("refuses %j as a boolean", (text) => {
  expect(() => parseBoolean(text)).toThrow(`give true or false, not "${text}".`);
});
