import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { Failure } from "../lib/failure.ts";
import type { Logger } from "../lib/log.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { type CallEnded, type Csi, connect } from "./client.ts";
import { ControllerServiceCapability_RPC_Type, PluginCapability_Service_Type } from "./gen/csi_pb.js";
import { waitUntilReady } from "./ready.ts";
import { type CsiHandlers, type CsiServer, serve } from "./server.ts";

let folder: string;
let address: string;
const servers: CsiServer[] = [];
const clients: Csi[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gs-csi-"));
  address = join(folder, "csi.sock");
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map((server) => server.stop(0)));
  rmSync(folder, { recursive: true });
});

async function serving(handlers: CsiHandlers, log?: Logger): Promise<Csi> {
  servers.push(await serve({ address, ...handlers, ...(log ? { log } : {}) }));
  return connected();
}

function connected(onCall?: (call: CallEnded) => void): Csi {
  const client = connect({ address: `unix://${address}`, ...(onCall ? { onCall } : {}) });
  clients.push(client);
  return client;
}

const soon = () => ({ signal: new AbortController().signal, timeoutMs: 5_000 });
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

/** Keeps what was logged, as text. */
function recorder(): { readonly lines: string[]; readonly log: Logger } {
  const lines: string[] = [];
  const write = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  return { lines, log };
}

test("carries a call with 64-bit sizes, maps and oneofs over a Unix socket that only its owner can use", async () => {
  const csi = await serving({
    controller: {
      createVolume: async (request) => ({
        volume: {
          volumeId: `id of ${request.name}`,
          capacityBytes: request.capacityRange?.requiredBytes ?? 0n,
          volumeContext: request.parameters,
          contentSource: { type: { case: "snapshot", value: { snapshotId: "s" } } },
        },
      }),
    },
  });
  const { volume } = await csi.controller.createVolume(
    { name: "pvc-1", capacityRange: { requiredBytes: 9007199254740993n }, parameters: { kind: "fast" } },
    soon(),
  );
  expect(volume?.volumeId).toBe("id of pvc-1");
  expect(volume?.capacityBytes).toBe(9007199254740993n);
  expect(volume?.volumeContext).toEqual({ kind: "fast" });
  expect(volume?.contentSource?.type).toMatchObject({ case: "snapshot", value: { snapshotId: "s" } });
  expect(statSync(address).mode & 0o777).toBe(0o600);
});

test("hands a driver's refusal on with its code, the method and the address", async () => {
  const csi = await serving({
    controller: {
      deleteVolume: async () => {
        throw new Failure("precondition", "the volume is in use");
      },
    },
  });
  await expect(csi.controller.deleteVolume({ volumeId: "v" }, soon())).rejects.toMatchObject({
    code: "precondition",
    message: `DeleteVolume on ${address} failed with FAILED_PRECONDITION: the volume is in use`,
  });
});

test("answers UNIMPLEMENTED for methods and for services that a driver does not have", async () => {
  const csi = await serving({ controller: {} });
  await expect(csi.controller.createSnapshot({}, soon())).rejects.toMatchObject({ code: "unimplemented" });
  await expect(csi.node.nodeGetInfo({}, soon())).rejects.toMatchObject({ code: "unimplemented" });
});

test("answers INTERNAL for an error nobody expected, and logs it", async () => {
  const { lines, log } = recorder();
  const csi = await serving(
    {
      identity: {
        getPluginInfo: async () => {
          throw new TypeError("x is not a function");
        },
      },
    },
    log,
  );
  await expect(csi.identity.getPluginInfo({}, soon())).rejects.toMatchObject({ code: "internal" });
  expect(lines.some((line) => line.startsWith("CSI call failed unexpectedly"))).toBe(true);
});

test("shows secrets neither in the log nor in what a driver's refusal repeats", async () => {
  const { lines, log } = recorder();
  const csi = await serving(
    {
      controller: {
        createSnapshot: async (request) => {
          throw new Failure("forbidden", `wrong password ${request.secrets.password}`);
        },
      },
    },
    log,
  );
  const refused = csi.controller.createSnapshot({ name: "snap-7", secrets: { password: "hunter2" } }, soon());
  await expect(refused).rejects.toThrow(/wrong password \*\*\*/);
  expect(lines.join("\n")).toContain("snap-7");
  expect(lines.join("\n")).not.toContain("hunter2");
});

test("ends a call at its deadline and tells the driver to give up", async () => {
  let gaveUp: () => void = () => undefined;
  const told = new Promise<void>((resolve) => {
    gaveUp = resolve;
  });
  const csi = await serving({
    controller: {
      createVolume: (_, { signal }) => {
        signal.addEventListener("abort", gaveUp);
        return untilAborted(signal);
      },
    },
  });
  await expect(csi.controller.createVolume({}, { ...soon(), timeoutMs: 50 })).rejects.toMatchObject({
    code: "timeout",
    message: expect.stringContaining(`CreateVolume on ${address} got no answer within 50 ms`),
  });
  await told;
});

test("gives a call up when its signal is aborted, before or during it", async () => {
  const caller = new AbortController();
  const csi = await serving({
    controller: {
      createVolume: (_, { signal }) => {
        caller.abort();
        return untilAborted(signal);
      },
    },
  });
  const call = { signal: caller.signal, timeoutMs: 5_000 };
  await expect(csi.controller.createVolume({}, call)).rejects.toMatchObject({ code: "cancelled" });
  await expect(csi.controller.createVolume({}, call)).rejects.toMatchObject({ code: "cancelled" });
});

test("says why a driver cannot be reached, and ends there", async () => {
  const csi = connected();
  const error = await csi.identity.probe({}, soon()).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/Last error: .*ENOENT[^:]*$/) as string,
  });
});

test("says unavailable while nobody listens, and finds the driver again after a restart", async () => {
  const csi = connected();
  await expect(csi.identity.probe({}, soon())).rejects.toMatchObject({ code: "unavailable" });
  servers.push(await serve({ address, identity: { probe: async () => ({}) } }));
  await waitUntilReady(csi, soon());
  await servers.pop()?.stop();
  servers.push(await serve({ address, identity: { probe: async () => ({}) } }));
  await waitUntilReady(csi, soon());
});

test("replaces the socket that a process left behind when it died", async () => {
  const dead = createServer().listen(address);
  await new Promise((resolve) => dead.once("listening", resolve));
  renameSync(address, `${address}.kept`); // closing removes the path it knows
  await new Promise((resolve) => dead.close(resolve));
  renameSync(`${address}.kept`, address);
  const csi = await serving({ identity: { probe: async () => ({}) } });
  await waitUntilReady(csi, soon());
});

test("stops by letting calls end, cuts off those that do not, and leaves no socket behind", async () => {
  let begun: () => void = () => undefined;
  const running = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const csi = await serving({
    controller: {
      createVolume: async (_, { signal }) => {
        begun();
        return untilAborted(signal);
      },
    },
  });
  const answer = csi.controller.createVolume({}, soon()).catch((error: unknown) => error);
  await running;
  await servers.pop()?.stop(20);
  expect(await answer).toMatchObject({ message: expect.stringContaining("CreateVolume on") });
  expect(existsSync(address)).toBe(false);
});

test("leaves alone a socket that is listened on, and a file, and says which it is", async () => {
  const other = createServer().listen(address);
  await new Promise((resolve) => other.once("listening", resolve));
  await expect(serve({ address })).rejects.toThrow(/another process does/);
  await new Promise((resolve) => other.close(resolve));
  writeFileSync(address, "precious");
  await expect(serve({ address })).rejects.toThrow(/it is there and no socket/);
});

test.each([
  ["tcp://127.0.0.1:1", /cannot use tcp/],
  ["", /is empty/],
  [`unix:///${"x".repeat(107)}`, /has 108 bytes, at most 107/],
])("refuses the CSI address %s with the reason and the remedy", (impossible, reason) => {
  expect(() => connect({ address: impossible })).toThrow(reason);
});

test("asks until the driver is ready, and says why not when it takes too long", async () => {
  let polls = 0;
  const csi = await serving({ identity: { probe: async () => ({ ready: ++polls >= 3 }) } });
  await expect(waitUntilReady(csi, { ...soon(), timeoutMs: 40 })).rejects.toThrow(/it says that it is not ready yet/);
  await waitUntilReady(csi, { ...soon(), clock: systemClock });
  expect(polls).toBe(3);
});

test("reads a driver's capabilities by CSI's names, and none of a service that it does not serve", async () => {
  const csi = await serving({
    identity: {
      getPluginInfo: async () => ({ name: "d.example.com", vendorVersion: "7" }),
      getPluginCapabilities: async () => ({
        capabilities: [
          { type: { case: "service", value: { type: PluginCapability_Service_Type.CONTROLLER_SERVICE } } },
        ],
      }),
    },
    controller: {
      controllerGetCapabilities: async () => ({
        capabilities: [
          { type: { case: "rpc", value: { type: ControllerServiceCapability_RPC_Type.CREATE_DELETE_SNAPSHOT } } },
        ],
      }),
    },
  });
  const found = await capabilitiesOf(csi, soon());
  expect(found.driver).toBe("d.example.com");
  expect([...found.plugin]).toEqual(["CONTROLLER_SERVICE"]);
  expect([...found.controller]).toEqual(["CREATE_DELETE_SNAPSHOT"]);
  expect([found.group.size, found.node.size, found.expansion.size]).toEqual([0, 0, 0]);
});

test("tells about each call with its path and its status, for metrics", async () => {
  await serving({ identity: { probe: async () => ({}) } });
  const seen: CallEnded[] = [];
  const csi = connected((call) => seen.push(call));
  await csi.identity.probe({}, soon());
  await csi.controller.deleteVolume({}, soon()).catch(() => undefined);
  expect(seen.map(({ path, status }) => `${path} ${status}`)).toEqual([
    "/csi.v1.Identity/Probe OK",
    "/csi.v1.Controller/DeleteVolume UNIMPLEMENTED",
  ]);
});
