import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { startDaemon } from "./daemon.ts";

const folder = mkdtempSync(join(tmpdir(), "daemon-"));
afterAll(() => rmSync(folder, { recursive: true }));

const start = (name: string, script: string, signal = AbortSignal.timeout(10_000)) =>
  startDaemon({ argv: [process.execPath, "-e", script], logPath: join(folder, name), signal });

test("hands over what a daemon said behind ready, and ends it by SIGTERM with its own status", async () => {
  const daemon = await start(
    "good",
    `process.on("SIGTERM", () => process.exit(7)); console.log("hello\\nready: here I am"); setInterval(() => {}, 1000)`,
  );
  expect(daemon.ready).toBe("here I am");
  expect(await daemon.end("SIGTERM")).toBe(7);
});

test("tells the log of a daemon that ends before it is ready, and keeps that log to the user", async () => {
  await expect(start("bad", `console.error("no such pool"); process.exit(3)`)).rejects.toThrow(
    /status 3 before it was ready: no such pool/,
  );
  expect(readFileSync(join(folder, "bad"), "utf8")).toContain("no such pool");
  expect(statSync(join(folder, "bad")).mode & 0o777).toBe(0o600);
});

test("kills a daemon that is never ready when the wait is over", async () => {
  await expect(start("mute", "setInterval(() => {}, 1000)", AbortSignal.timeout(300))).rejects.toThrow(/timeout/i);
});

test("reports a daemon that was killed by its signal", async () => {
  const daemon = await start("killed", `console.log("ready: yes"); setInterval(() => {}, 1000)`);
  expect(await daemon.end("SIGKILL")).toBeNull();
});
