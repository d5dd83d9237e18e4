import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Csi } from "../../src/csi/client.ts";
import { ControllerServiceCapability_RPC_Type as Rpc } from "../../src/csi/gen/csi_pb.js";
import type { CsiHandlers } from "../../src/csi/server.ts";
import { aDriver, call, type TestDriver } from "../../src/driver/testing.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { Failure } from "../../src/lib/failure.ts";
import { programPath } from "../../src/processes/program.ts";
import { wrongDriver } from "../../src/testing/wrong-driver.ts";

let driver: TestDriver;
let folder: string;
beforeAll(async () => {
  driver = await aDriver({ engine: "userland" });
  folder = await mkdtemp(join(tmpdir(), "gs-command-"));
});
afterAll(async () => {
  await driver.close();
  await rm(folder, { recursive: true });
});

interface Ended {
  readonly status: number | null;
  readonly printed: string;
}

/** Of the built program on a busy machine. */
const limitMs = 55_000;

function start(
  address: string,
  args: readonly string[],
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const argv = [programPath(), "conformance", "--csi-endpoint", `unix://${address}`, "--volume-size", "16Mi", ...args];
  const child = spawn(process.execPath, argv, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: folder },
    timeout: limitMs,
    killSignal: "SIGKILL",
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (printed += data.toString()));
  return { child, ended: once(child, "close").then(() => ({ status: child.exitCode, printed })) };
}

const run = (address: string, ...args: readonly string[]) => start(address, args).ended;

async function behind<T>(wrong: (csi: Csi) => CsiHandlers, work: (address: string) => Promise<T>): Promise<T> {
  const options = { address: join(folder, "proxy.sock"), driver: driver.csi.address };
  const proxy = await wrongDriver({ ...options, vice: { wrong } });
  try {
    return await work(proxy.csi.address);
  } finally {
    await proxy.close();
  }
}

async function leftBehind(): Promise<readonly unknown[]> {
  const { entries: volumes } = await driver.csi.controller.listVolumes({}, call);
  const { entries: snapshots } = await driver.csi.controller.listSnapshots({}, call);
  const folders = (await readdir(folder)).filter((name) => name.startsWith("groupsnap-conformance-"));
  return [...volumes, ...snapshots, ...folders];
}

test("groupsnap conformance exits with 0 for our driver, and writes both of its reports", async () => {
  const [json, junit] = [join(folder, "report.json"), join(folder, "report.xml")];
  const args = ["--volumes", "2", "--rounds", "5", "--report-json", json, "--report-junit", junit];
  const { status, printed } = await run(driver.csi.address, ...args);
  expect(printed).toMatch(/\nlocal\.csi\.groupsnap\.dev \S+: \d+ passed, 0 failed, 0 skipped\n$/);
  expect(status).toBe(0);
  expect(JSON.parse(await readFile(json, "utf8"))).toMatchObject({ conformant: true, failed: 0, skipped: 0 });
  expect(await readFile(junit, "utf8")).toContain('<testcase classname="groupsnap.conformance" name="order"');
  expect(await leftBehind()).toEqual([]);
});

test("groupsnap conformance exits with 1 for a check that was skipped, unless it may be", async () => {
  const withoutList = (csi: Csi): CsiHandlers => ({
    controller: {
      async controllerGetCapabilities() {
        const { capabilities } = await csi.controller.controllerGetCapabilities({}, call);
        return { capabilities: capabilities.filter(({ type }) => type.value?.type !== Rpc.LIST_SNAPSHOTS) };
      },
    },
  });
  const args = ["--only", "create/members,list/members"];
  const [strict, lenient] = await behind(withoutList, async (address) => [
    await run(address, ...args),
    await run(address, ...args, "--allow-skipped", "list/members"),
  ]);
  expect(strict.status).toBe(1);
  expect(strict.printed).toContain("skipped  list/members");
  expect(strict.printed).toContain("the driver does not say that it has LIST_SNAPSHOTS");
  expect(lenient.status).toBe(0);
});

test("groupsnap conformance ends at the first failure, says no secret, and gives secrets to every call", async () => {
  const given: string[] = [];
  const refuses: CsiHandlers = {
    groupController: {
      async createVolumeGroupSnapshot({ secrets }) {
        given.push(secrets.password ?? "");
        throw new Failure("forbidden", `no login with ${secrets.password}`);
      },
    },
  };
  const secrets = join(folder, "secrets.yaml");
  await writeFile(secrets, "password: open-sesame\n");
  const { status, printed } = await behind(
    () => refuses,
    (address) => run(address, "--secrets", secrets, "--only", "create/members,create/times"),
  );
  expect(status).toBe(1);
  expect(given).toEqual(["open-sesame"]);
  expect(printed).toContain("PERMISSION_DENIED: no login with ***");
  expect(printed).toContain("not run, because create/members failed; --keep-going runs all checks");
  expect(printed).not.toContain("open-sesame");
  expect(await leftBehind()).toEqual([]);
});

test("groupsnap conformance told to stop in the middle of the order test leaves nothing behind", async () => {
  const { child, ended } = start(driver.csi.address, ["--only", "order", "--rounds", "100000"]);
  const limit = AbortSignal.timeout(limitMs);
  const countSnapshots = async () => (await driver.csi.controller.listSnapshots({}, call)).entries.length;
  while ((await countSnapshots()) === 0) await systemClock.sleep(5, limit);
  child.kill("SIGINT");
  const { status, printed } = await ended;
  expect(printed).toContain("skipped  order");
  expect(printed).toContain("not run to its end: the run was stopped");
  expect(printed).toContain("passed   clean-up");
  expect(status).toBe(1);
  expect(await leftBehind()).toEqual([]);
});

test("groupsnap conformance refuses a check that there is not, and a report that it cannot write", async () => {
  const unknown = await run(driver.csi.address, "--only", "create/everything");
  expect(unknown.printed).toContain('there is no check "create/everything"; there are capabilities, create/members');
  const unwritable = await run(driver.csi.address, "--report-junit", join(folder, "none", "report.xml"));
  expect(unwritable.printed).toContain("cannot write a report to");
  expect([unknown.status, unwritable.status]).toEqual([1, 1]);
});
