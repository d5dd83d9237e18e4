import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDriver, type TestDriver } from "../../src/driver/testing.ts";
import { exec } from "../../src/lib/exec.ts";
import { binaries } from "./binaries.ts";

let driver: TestDriver;
beforeAll(async () => {
  driver = await aDriver();
});
afterAll(() => driver.close());

const limitMs = 100_000;

test.each(["mount", "block"])("passes csi-sanity with %s volumes", { timeout: limitMs }, async (kind) => {
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
  const { stdout } = await exec([program, ...argv, "-ginkgo.no-color"], {
    timeoutMs: limitMs,
    signal: AbortSignal.timeout(limitMs),
  });
  const [, passed, failed] = /(\d+) Passed \| (\d+) Failed/.exec(stdout) ?? [];
  expect(Number(failed)).toBe(0);
  expect(Number(passed)).toBeGreaterThanOrEqual(75);
});
