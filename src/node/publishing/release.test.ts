import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { capabilitiesOf } from "../../csi/capabilities.ts";
import { type Logger, silent } from "../../lib/log.ts";
import { type ScriptedDriver, scriptedDriver } from "../../testing/scripted-driver.ts";
import { openRecords } from "./records.ts";
import { releaseAll } from "./release.ts";

let folder: string;
let driver: ScriptedDriver;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gs-release-"));
  driver = await scriptedDriver();
});
afterEach(async () => {
  await driver.stop();
  await rm(folder, { recursive: true });
});

const recordOf = (name: string) => ({
  claimUid: `uid-${name}`,
  namespace: "shop",
  claimName: name,
  volumeHandle: `vol-${name}`,
  targetPath: join(folder, "volumes", name),
  stagingPath: join(folder, "staging", name),
});

test("all that is published is ended at a stop, but what is in use, which is said with its path and ended by the next", async () => {
  const around = { signal: AbortSignal.timeout(10_000), timeoutMs: 10_000 };
  const records = await openRecords(join(folder, "published"));
  for (const name of ["a", "b", "c"]) await records.put(recordOf(name));
  const capabilities = await capabilitiesOf(driver.csi, around);
  const said: object[] = [];
  const log: Logger = { ...silent, warn: (fields) => void said.push(fields) };
  const release = () => releaseAll({ csi: driver.csi, capabilities, records, options: around }, { ...around, log });
  driver.fail("NodeUnpublishVolume", "busy", { times: 1, message: "somebody works in it" });
  await release();
  const [left] = records.list();
  expect(records.list()).toHaveLength(1);
  expect(said).toEqual([expect.objectContaining({ path: left?.targetPath, claim: `shop/${left?.claimName}` })]);
  expect(driver.count("NodeUnstageVolume")).toBe(2);
  await release();
  expect([records.list(), said.length]).toEqual([[], 1]);
});
