import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runConformance } from "../../src/conformance/run.ts";
import type { TestDriver } from "../../src/driver/testing.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { driverOnPool } from "../../src/testing/driver-on-pool.ts";
import { loopsBelow } from "../../src/testing/scratch-pool.ts";

const runs = [
  { engine: "atomic", pool: "btrfs", volumeMode: "Filesystem", fsType: "ext4", volumeBytes: 64 << 20 },
  { engine: "atomic", pool: "btrfs", volumeMode: "Block", fsType: "", volumeBytes: 16 << 20 },
  { engine: "freeze", pool: "xfs", volumeMode: "Filesystem", fsType: "xfs", volumeBytes: 320 << 20 },
] as const;

describe.each(runs)("over the $engine engine, with $volumeMode volumes $fsType", ({ engine, pool, ...volumes }) => {
  let driver: TestDriver;
  beforeEach(async () => {
    driver = await driverOnPool({ engine, pool });
  });
  afterEach(() => driver.close());

  test("every check of groupsnap conformance passes, and no volume stays in use", async () => {
    const workDir = join(driver.folder, "work");
    const limits = { rounds: 3, writers: 2, readyTimeoutMs: 60_000 };
    const settings = { volumes: 3, volumeParameters: {}, groupParameters: {}, workDir, ...limits, ...volumes };
    const { signal } = new AbortController();
    const around = { clock: systemClock, random: systemRandom, signal, cleaningSignal: signal };
    const options = { settings, secrets: {}, callTimeoutMs: 60_000, keepGoing: true, ...around };
    const { results } = await runConformance({ csi: driver.csi, ...options });
    expect(results.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
    expect(results.length).toBeGreaterThan(25);
    expect(await readdir(workDir)).toEqual([]);
    expect(await loopsBelow(driver.pool)).toEqual([]);
  });
});
