import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { type RawClient, type RawTarget, rawClient } from "../../testing/raw-client.ts";
import { openLog } from "./log.ts";
import { openStore } from "./store.ts";

const dataDir = mkdtempSync(join(tmpdir(), "gs-durable-"));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const program = fileURLToPath(new URL("../../testing/api-process.ts", import.meta.url));
const maps = "/api/v1/namespaces/default/configmaps";

async function startServer(): Promise<{ readonly child: ChildProcess; readonly target: RawTarget }> {
  const child = spawn(process.execPath, ["--import", "tsx", program, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout }))
    return { child, target: JSON.parse(line) as RawTarget }; // our own program printed it
  throw new Error("the server ended before it was ready");
}

/** Creates config maps one after the other until the server dies; returns those that were acknowledged. */
async function write(client: RawClient, prefix: string): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  for (let i = 0; ; i++) {
    const name = `${prefix}-${i}`;
    const answer = await client
      .send("POST", maps, { body: { metadata: { name }, data: { a: name } } })
      .catch(() => undefined);
    if (answer?.code !== 201) return acknowledged;
    acknowledged.push(name);
  }
}

test("every write that was acknowledged is there after kill -9, and the server starts again on the same folder", async () => {
  const acknowledged: string[] = [];
  for (const round of ["a", "b", "c"]) {
    const { child, target } = await startServer();
    const client = rawClient(target);
    const writers = ["p", "q", "r", "s"].map((writer) => write(client, `${round}${writer}`));
    const watch = await client.watch(`${maps}?watch=1`);
    await watch.next(() => watch.events.length > 40 * (round.charCodeAt(0) - 95));
    child.kill("SIGKILL");
    await once(child, "exit");
    acknowledged.push(...(await Promise.all(writers)).flat());
    client.close();
  }
  const store = openStore(await openLog(join(dataDir, "api.db")));
  const kept = new Set(
    store
      .collection("/configmaps")
      .list()
      .map((stored) => stored.object.data as { a?: string })
      .map(({ a }) => a),
  );
  store.close();
  expect(acknowledged.length).toBeGreaterThan(100);
  expect(acknowledged.filter((name) => !kept.has(name))).toEqual([]);
}, 60_000);
