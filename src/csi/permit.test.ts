import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectSocket, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Failure } from "../lib/failure.ts";
import { type Csi, connect } from "./client.ts";
import { type CsiServer, serve } from "./server.ts";

let folder: string;
let driver: CsiServer;
let door: Server;
let csi: Csi;
let isPermitted: boolean;
let probes: number;
const waiting: Socket[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "gs-csi-"));
  [isPermitted, probes] = [true, 0];
  const probe = async () => {
    probes++;
    return { ready: true };
  };
  driver = await serve({ address: join(folder, "csi.sock"), identity: { probe } });
  door = createServer((socket) => void waiting.push(socket.pause())).listen(join(folder, "door.sock"));
  await once(door, "listening");
  const permit = () => {
    if (!isPermitted) throw new Failure("unavailable", "the lease is lost");
  };
  csi = connect({ address: join(folder, "door.sock"), permit });
});
afterEach(async () => {
  csi.close();
  door.close();
  await driver.stop(0);
  rmSync(folder, { recursive: true });
});

function openDoor(): void {
  for (const socket of waiting.splice(0)) {
    const beyond = connectSocket(join(folder, "csi.sock"));
    socket.pipe(beyond).pipe(socket);
    beyond.on("error", () => socket.destroy());
    socket.on("error", () => beyond.destroy());
  }
}
const soon = () => ({ signal: new AbortController().signal, timeoutMs: 5_000 });

test("a call whose permit runs out while it waits for the driver never reaches it", async () => {
  const called = csi.identity.probe({}, soon());
  await once(door, "connection");
  isPermitted = false;
  openDoor();
  await expect(called).rejects.toThrow("the lease is lost");
  expect(probes).toBe(0);
});

test("a call without a permit is refused on a connection that is there", async () => {
  const called = csi.identity.probe({}, soon());
  await once(door, "connection");
  openDoor();
  await called;
  isPermitted = false;
  await expect(csi.identity.probe({}, soon())).rejects.toMatchObject({ code: "unavailable" });
  expect(probes).toBe(1);
  isPermitted = true;
  await csi.identity.probe({}, soon());
  expect(probes).toBe(2);
});
