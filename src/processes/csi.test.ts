import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CsiServer, serve } from "../csi/server.ts";
import { systemClock } from "../lib/clock.ts";
import { silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { connectDriver } from "./csi.ts";
import { csiMetrics } from "./csi-metrics.ts";
import { type HealthPages, healthPages } from "./health.ts";
import type { Metrics } from "./http-endpoint.ts";

let address: string;
let folder: string;
let stop: AbortController;
let health: HealthPages;
const closing: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gs-csi-"));
  address = join(folder, "csi.sock");
  stop = new AbortController();
  health = healthPages();
});
afterEach(async () => {
  stop.abort();
  for (const close of closing.splice(0)) await close();
  rmSync(folder, { recursive: true, force: true });
});

const connecting = async () => {
  const registry = new Registry();
  const metrics = { csi: csiMetrics(registry), health } as Pick<Metrics, "csi" | "health"> as Metrics; // it uses no more
  const around = { clock: systemClock, random: systemRandom, log: silent, signal: stop.signal };
  const driver = await connectDriver(address, around, { metrics });
  closing.push(() => driver.csi.close());
  return driver;
};
const unready = () => health.page("/readyz/csi-driver")?.text;
const call = () => ({ signal: stop.signal, timeoutMs: 5_000 });

/** A driver of this name at the address, with one volume. */
async function driverNamed(name: string): Promise<CsiServer> {
  const server = await serve({
    address,
    identity: {
      getPluginInfo: async () => ({ name, vendorVersion: "1" }),
      getPluginCapabilities: async () => ({ capabilities: [] }),
      probe: async () => ({}),
    },
    controller: { deleteSnapshot: async () => ({}) },
  });
  closing.push(() => server.stop());
  return server;
}

/** A process that listens there and is no driver. */
function listening(answer: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => answer(socket.on("error", () => undefined))).listen(address);
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return new Promise((resolve) => server.once("listening", () => resolve(server)));
}

async function deadSocket(): Promise<void> {
  const server = await listening((socket) => socket.destroy());
  renameSync(address, `${address}.kept`); // closing removes the path it knows
  await new Promise((resolve) => server.close(resolve));
  renameSync(`${address}.kept`, address);
}

describe("a process whose CSI driver is not what it should be waits, says why, and goes on once it is:", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["no socket", () => undefined, /Probe on .*csi\.sock failed with UNAVAILABLE/],
    ["a socket on which nobody listens", deadSocket, /Probe on .*csi\.sock failed with UNAVAILABLE/],
    ["a file", () => writeFileSync(address, "not a socket"), /Probe on .*csi\.sock failed with UNAVAILABLE/],
    [
      "somebody who answers garbage",
      () => listening((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n", () => socket.destroy())),
      /Probe on .*csi\.sock failed with/,
    ],
  ])("%s", async (_what, prepare, why) => {
    await prepare();
    const connected = connecting();
    await expect.poll(unready, { timeout: 5_000 }).toMatch(why);
    for (const close of closing.splice(0)) await close();
    rmSync(address, { force: true });
    await driverNamed("first.example.com");
    expect((await connected).capabilities.driver).toBe("first.example.com");
    expect(unready()).toBe("ok");
  });

  test("a driver without a name", async () => {
    const nameless = await driverNamed("");
    const connected = connecting();
    await expect.poll(unready, { timeout: 5_000 }).toMatch(/has no name/);
    await nameless.stop();
    await driverNamed("first.example.com");
    expect((await connected).capabilities.driver).toBe("first.example.com");
  });
});

test("a process that waits for its driver ends at once when it is told to", async () => {
  const connected = connecting();
  await expect.poll(unready, { timeout: 5_000 }).toMatch(/UNAVAILABLE/);
  stop.abort(new Error("told to stop"));
  await expect(connected).rejects.toThrow("told to stop");
});

test("no call reaches another driver that took the socket over, and calls go on when the first is back", async () => {
  const first = await driverNamed("first.example.com");
  const { csi } = await connecting();
  const remove = () => csi.controller.deleteSnapshot({ snapshotId: "s" }, call());
  await remove();
  await first.stop();
  const second = await driverNamed("second.example.com");
  const refusal =
    /at .*csi\.sock the driver second\.example\.com answers instead of first\.example\.com: bring .* back/;
  await expect
    .poll(() => remove().catch(({ code }: { code: string }) => code), { timeout: 5_000 })
    .toBe("precondition");
  await expect(remove()).rejects.toThrow(refusal);
  expect(unready()).toMatch(refusal);
  await second.stop();
  await driverNamed("first.example.com");
  await expect
    .poll(() => remove().catch(String), { timeout: 5_000 })
    .toMatchObject({ $typeName: "csi.v1.DeleteSnapshotResponse" });
  expect(unready()).toBe("ok");
});
