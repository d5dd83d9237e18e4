import { expect, test } from "vitest";
import { countsOf, isConformant, type Report, type Result } from "./report.ts";
import { jsonOf } from "./report-json.ts";
import { junitOf } from "./report-junit.ts";
import { resultLines, summaryLine } from "./report-text.ts";

const result = (outcome: Result["outcome"], change: Partial<Result> = {}): Result => ({
  name: "create/members",
  claim: "each volume has one snapshot",
  spec: "CreateVolumeGroupSnapshot",
  outcome,
  reasons: [],
  notes: [],
  tookMs: 1234,
  ...change,
});

const report = (...results: readonly Result[]): Report => ({
  endpoint: "/run/csi.sock",
  driver: "csi.example.com",
  driverVersion: "1.0",
  startedAt: new Date("2026-01-02T03:04:05Z"),
  results,
});

const wrong = result("failed", { reasons: ['volume <a> & "b"\nhas\u0000 none'], name: "create/odd" });

test("a driver conforms when every check passed, and skipped ones only where they may be", () => {
  expect(isConformant(report(result("passed")), [])).toBe(true);
  expect(isConformant(report(result("passed"), result("skipped")), [])).toBe(false);
  expect(isConformant(report(result("passed"), result("skipped")), ["create/members"])).toBe(true);
  expect(isConformant(report(result("failed")), ["create/members"])).toBe(false);
});

test("a report's last line counts what passed, failed and was skipped", () => {
  const all = report(result("passed"), result("passed"), wrong, result("skipped"));
  expect(countsOf(all)).toEqual({ passed: 2, failed: 1, skipped: 1 });
  expect(summaryLine(all)).toBe("csi.example.com 1.0: 2 passed, 1 failed, 1 skipped");
  const silent = { ...all, driver: "", driverVersion: "" };
  expect(summaryLine(silent)).toBe("the driver at /run/csi.sock: 2 passed, 1 failed, 1 skipped");
});

test("as text, a check that failed says what was wanted, by which section, and what is wrong", () => {
  expect(resultLines(result("failed", { reasons: ["volume a has none"] }))).toEqual([
    "failed   create/members  (1.2 s)",
    "         wanted: each volume has one snapshot",
    '         by: CSI spec "CreateVolumeGroupSnapshot"',
    "         volume a has none",
  ]);
  expect(resultLines(result("passed", { notes: ["3 rounds"] }))).toEqual([
    "passed   create/members  (1.2 s)",
    "         3 rounds",
  ]);
});

test("as JSON, a report has counts, the verdict and each result", () => {
  const parsed: unknown = JSON.parse(jsonOf(report(result("passed"), wrong), []));
  expect(parsed).toMatchObject({
    driver: "csi.example.com",
    startedAt: "2026-01-02T03:04:05.000Z",
    conformant: false,
    passed: 1,
    failed: 1,
    skipped: 0,
    results: [{ name: "create/members" }, { name: "create/odd", reasons: wrong.reasons }],
  });
});

test("as JUnit, a report has a test case for each check, and no character that XML cannot hold", () => {
  const xml = junitOf(report(result("passed", { notes: ["3 rounds"] }), wrong, result("skipped", { reasons: ["no"] })));
  expect(xml.split("\n").map((line) => line.trim())).toEqual([
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    '<testsuite name="groupsnap conformance: csi.example.com 1.0" tests="3" failures="1" errors="0" skipped="1" time="3.702" timestamp="2026-01-02T03:04:05.000Z">',
    '<testcase classname="groupsnap.conformance" name="create/members" time="1.234">',
    "<system-out>3 rounds</system-out>",
    "</testcase>",
    '<testcase classname="groupsnap.conformance" name="create/odd" time="1.234">',
    '<failure message="each volume has one snapshot" type="CSI spec: CreateVolumeGroupSnapshot">volume &lt;a&gt; &amp; &quot;b&quot;',
    "has\uFFFD none</failure>",
    "</testcase>",
    '<testcase classname="groupsnap.conformance" name="create/members" time="1.234">',
    '<skipped message="no"></skipped>',
    "</testcase>",
    "</testsuite>",
    "</testsuites>",
    "",
  ]);
});
