import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Check } from "../../src/conformance/check.ts";
import { checks } from "../../src/conformance/checks.ts";
import { countsOf, type Report } from "../../src/conformance/report.ts";
import { runConformance } from "../../src/conformance/run.ts";
import type { Csi } from "../../src/csi/client.ts";
import { ControllerServiceCapability_RPC_Type as Rpc } from "../../src/csi/gen/csi_pb.js";
import type { CsiHandlers } from "../../src/csi/server.ts";
import { aDriver, call, type TestDriver } from "../../src/driver/testing.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { Failure } from "../../src/lib/failure.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { vices, wrongDriver } from "../../src/testing/wrong-driver.ts";
import { leniences } from "../../src/testing/wrong-drivers/leniences.ts";

let driver: TestDriver;
let folder: string;
beforeAll(async () => {
  driver = await aDriver({ engine: "userland" });
  folder = await mkdtemp(join(tmpdir(), "gs-conformance-"));
});
afterAll(async () => {
  await driver.close();
  await rm(folder, { recursive: true });
});

interface Special {
  readonly rounds: number;
  readonly volumeMode?: "Filesystem" | "Block";
  readonly checks?: readonly Check[];
}

function run(csi: Csi, { checks: made = checks, ...special }: Special): Promise<Report> {
  const { signal } = new AbortController();
  const settings = {
    volumes: 3,
    volumeBytes: 16 << 20,
    volumeMode: "Filesystem" as const,
    fsType: "",
    volumeParameters: {},
    groupParameters: {},
    writers: 2,
    readyTimeoutMs: 30_000,
    workDir: join(folder, "work"),
    ...special,
  };
  const around = { clock: systemClock, random: systemRandom, signal, cleaningSignal: signal };
  return runConformance({
    csi,
    settings,
    checks: made,
    secrets: {},
    callTimeoutMs: 30_000,
    keepGoing: true,
    ...around,
  });
}

const reasonsOfFailed = ({ results }: Report) =>
  Object.fromEntries(results.filter(({ outcome }) => outcome === "failed").map(({ name, reasons }) => [name, reasons]));

test.each(["Filesystem", "Block"] as const)(
  "our driver passes every check without root, with %s volumes",
  async (volumeMode) => {
    const report = await run(driver.csi, { rounds: 5, volumeMode });
    expect(report.results.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
    expect(countsOf(report).passed).toBeGreaterThan(25);
  },
);

describe("a driver that", () => {
  test.each(vices)("$does is caught by the checks for that, and by no others", async (vice) => {
    const wrong = await wrongDriver({ address: join(folder, "wrong.sock"), driver: driver.csi.address, vice });
    // The order test takes most of the time, and sees nothing of what is not about data.
    const made = vice.caughtBy.includes("order") ? checks : checks.filter(({ name }) => name !== "order");
    const report = await run(wrong.csi, { rounds: 3, checks: made });
    await wrong.close();
    expect(reasonsOfFailed(report)).toEqual(Object.fromEntries(vice.caughtBy.map((name) => [name, expect.anything()])));
  });
});

test.each(leniences)("a driver that $does is neither praised nor blamed for it", async ({ skips, because, wrong }) => {
  const lenient = await wrongDriver({
    address: join(folder, "wrong.sock"),
    driver: driver.csi.address,
    vice: { wrong },
  });
  const made = checks.filter(({ name }) => skips.includes(name));
  const { results } = await run(lenient.csi, { rounds: 1, checks: made });
  await lenient.close();
  const notPassed = results.filter(({ outcome }) => outcome !== "passed");
  expect(notPassed.map(({ name, outcome, reasons }) => ({ name, outcome, reasons }))).toEqual(
    skips.map((name) => ({ name, outcome: "skipped", reasons: [expect.stringContaining(because)] })),
  );
});

test("volumes of a driver that attaches them are attached before they are staged, and detached in the end", async () => {
  const attached = new Set<string>();
  const contexts: string[] = [];
  const attaches = ({ controller, node }: Csi): CsiHandlers => ({
    controller: {
      async controllerGetCapabilities() {
        const { capabilities } = await controller.controllerGetCapabilities({}, call);
        return {
          capabilities: [...capabilities, { type: { case: "rpc", value: { type: Rpc.PUBLISH_UNPUBLISH_VOLUME } } }],
        };
      },
      async controllerPublishVolume({ volumeId, nodeId }) {
        attached.add(volumeId);
        return { publishContext: { at: `${volumeId} on ${nodeId}` } };
      },
      async controllerUnpublishVolume({ volumeId }) {
        attached.delete(volumeId);
        return {};
      },
    },
    node: {
      async nodeStageVolume(request) {
        const { volumeId, publishContext } = request;
        contexts.push(publishContext.at === `${volumeId} on node-1` ? "its own" : "another");
        if (!attached.has(volumeId)) throw new Failure("precondition", `${volumeId} is not attached`);
        return node.nodeStageVolume(request, call);
      },
    },
  });
  const options = { address: join(folder, "wrong.sock"), driver: driver.csi.address };
  const proxy = await wrongDriver({ ...options, vice: { wrong: attaches } });
  const report = await run(proxy.csi, { rounds: 1, checks: checks.filter(({ name }) => name === "restore/data") });
  await proxy.close();
  expect(countsOf(report)).toEqual({ passed: 3, failed: 0, skipped: 0 });
  expect(contexts).toEqual(Array.from({ length: 6 }, () => "its own"));
  expect(attached).toEqual(new Set());
});

test("all runs together leave no volume, no snapshot and no folder", async () => {
  const { controller } = driver.csi;
  expect((await controller.listVolumes({}, call)).entries).toEqual([]);
  expect((await controller.listSnapshots({}, call)).entries).toEqual([]);
  expect(await readdir(join(folder, "work"))).toEqual([]);
});
