import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { openDatabase } from "../lib/sqlite.ts";
import { rawClient } from "../testing/raw-client.ts";
import { startApiServer } from "./server.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "gs-server-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const start = (options: { readonly port?: number; readonly folder?: string } = {}) =>
  startApiServer({
    dataDir: options.folder ?? dataDir,
    port: options.port ?? 0,
    crds: [],
    clock: systemClock,
    random: systemRandom,
    log: silent,
  });
const mode = (path: string) => (statSync(join(dataDir, path)).mode & 0o777).toString(8);

test("the data folder is its owner's alone, and so are kubeconfig, keys and token", async () => {
  const server = await start();
  await server.close();
  expect([".", "kubeconfig", "pki/ca.key", "pki/admin.key", "pki/admin.token"].map(mode)).toEqual([
    "700",
    ...Array(4).fill("600"),
  ]);
});

test("a second server on the same folder is refused and names the folder and the process that holds it", async () => {
  const server = await start();
  await expect(start()).rejects.toThrow(`the data folder ${dataDir} is in use by process ${process.pid}`);
  await server.close();
  const next = await start();
  await next.close();
});

test("a lock that a dead process left, or that was torn, is taken over by one of those that try at once", async () => {
  for (const left of [JSON.stringify({ pid: process.pid }), '{"pi']) {
    writeFileSync(join(dataDir, "lock"), left);
    const servers = await Promise.allSettled([start(), start(), start()]);
    const started = servers.flatMap((server) => (server.status === "fulfilled" ? [server.value] : []));
    expect(started.length).toBe(1);
    await started[0]?.close();
  }
  expect(() => statSync(join(dataDir, "lock"))).toThrow("ENOENT");
});

test("a port that is taken is said, with what to do, and the folder is free again", async () => {
  const server = await start();
  const folder = join(dataDir, "other");
  await expect(start({ port: server.port, folder })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${server.port}: the port is in use; choose another with --port`,
  );
  await (await start({ folder })).close();
  await server.close();
});

test("certificates and the token outlive a restart", async () => {
  const first = await start();
  await first.close();
  const second = await start();
  await second.close();
  const { url: _1, port: _2, close: _3, ...before } = first;
  const { url: _4, port: _5, close: _6, ...after } = second;
  expect(after).toEqual(before);
});

test("a torn database is refused with its path and what to do", async () => {
  await (await start()).close();
  truncateSync(join(dataDir, "api.db"), 5000);
  await expect(start()).rejects.toThrow(/api\.db.*restore it from a backup/);
});

test("a write that could not be made durable is refused whatever the format of the answer, and leaves nothing", async () => {
  const server = await start();
  const client = rawClient(server);
  const maps = "/api/v1/namespaces/default/configmaps";
  const other = await openDatabase({ path: join(dataDir, "api.db") });
  other.exec("BEGIN IMMEDIATE");
  const codes = [];
  for (const accept of ["application/yaml", "application/json"]) {
    const body = { metadata: { name: "lost" }, data: {} };
    codes.push((await client.send("POST", maps, { body, headers: { accept } })).code);
  }
  other.exec("ROLLBACK");
  other.close();
  codes.push((await client.send("GET", `${maps}/lost`)).code);
  client.close();
  await server.close();
  expect(codes).toEqual([409, 409, 404]);
});
