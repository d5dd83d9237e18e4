import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aDriver, type TestDriver } from "../../src/driver/testing.ts";
import { exec } from "../../src/lib/exec.ts";
import { driverOnPool } from "../../src/testing/driver-on-pool.ts";
import { binaries } from "./binaries.ts";

const limitMs = 100_000;
const hasDisks = process.getuid?.() === 0 && existsSync("/dev/loop-control");

/** Runs it with one kind of volumes. @returns how many of its tests passed and failed */
async function sanity(driver: TestDriver, kind: string): Promise<{ readonly passed: number; readonly failed: number }> {
  const program = join(binaries(), "csi-sanity");
  if (!existsSync(program))
    throw new Error(`there is no ${program}; build csi-sanity of kubernetes-csi/csi-test into that folder`);
  const flags = {
    endpoint: driver.csi.address,
    mountdir: join(driver.folder, `m-${kind}`),
    stagingdir: join(driver.folder, `s-${kind}`),
    testvolumeaccesstype: kind,
    testvolumesize: `${64 << 20}`,
    testvolumeexpandsize: `${128 << 20}`,
  };
  const argv = Object.entries(flags).map(([name, value]) => `-csi.${name}=${value}`);
  const limit = { timeoutMs: limitMs, signal: AbortSignal.timeout(limitMs) };
  const { stdout } = await exec([program, ...argv, "-ginkgo.no-color"], limit);
  const [, passed, failed] = /(\d+) Passed \| (\d+) Failed/.exec(stdout) ?? [];
  return { passed: Number(passed), failed: Number(failed) };
}

const everywhere = [{ engine: "userland", on: "a folder", pool: undefined }] as const;
const withRoot = [
  { engine: "atomic", on: "btrfs", pool: "btrfs" },
  { engine: "freeze", on: "XFS", pool: "xfs" },
  { engine: "freeze", on: "btrfs", pool: "btrfs" },
] as const;

describe.each([...everywhere, ...(hasDisks ? withRoot : [])])("the $engine engine on $on", ({ engine, pool }) => {
  let driver: TestDriver;
  beforeAll(async () => {
    driver = await (pool ? driverOnPool({ engine, pool }) : aDriver({ engine }));
  });
  afterAll(() => driver.close());

  test.each(["mount", "block"])("passes csi-sanity with %s volumes", { timeout: limitMs }, async (kind) => {
    const { passed, failed } = await sanity(driver, kind);
    expect(failed).toBe(0);
    expect(passed).toBeGreaterThanOrEqual(75);
  });
});
