import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { aServedDevice } from "../lib/nbd/testing.ts";
import { systemRandom } from "../lib/random.ts";
import { verifyJudge, verifyWrite } from "./commands.ts";
import { ringOffset } from "./layout.ts";
import { aRun, runId } from "./testing.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gs-verify-"));
});
afterEach(() => rm(folder, { recursive: true }));

const signal = AbortSignal.timeout(60_000);
const pathsOf = (...names: readonly string[]) => names.map((name) => join(folder, name));

async function write(paths: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const options = { paths, writers: 2, runId, createBytes: 4 << 20, durationMs: 100, signal };
  await verifyWrite({ ...options, clock: systemClock, random: systemRandom }, (line) => lines.push(line));
  return lines;
}

async function judgeThem(paths: readonly string[], known: { before?: string; after?: string } = {}) {
  const lines: string[] = [];
  const inOrder = await verifyJudge({ paths, runId, signal, ...known }, (line) => lines.push(line));
  return { inOrder, lines };
}

test("what verify write wrote, verify judge finds in order, by the progress that write printed", async () => {
  const paths = pathsOf("a", "b", "c");
  const lines = await write(paths);
  const end = lines.at(-1) ?? "";
  expect(JSON.parse(end)).toMatchObject({ runId, acked: [expect.any(Number), expect.any(Number)] });
  const { inOrder, lines: said } = await judgeThem(paths, { before: end, after: end });
  expect(inOrder).toBe(true);
  expect(said).toEqual([expect.stringMatching(/^in order: \d+ records, 0 violations$/)]);
});

test("verify judge says each violation and then the sum of them", async () => {
  const paths = pathsOf("a", "b");
  await write(paths);
  const file = await open(paths[0] ?? "", "r+");
  await file.write(Buffer.alloc(8192), 0, 8192, ringOffset({ volumes: 2, writers: 2, slots: 256 }, 0) + 4096);
  await file.close();
  const { inOrder, lines } = await judgeThem(paths);
  expect(inOrder).toBe(false);
  expect(lines[0]).toMatch(/^writer 0: record \d+ is missing though record \d+ was kept/);
  expect(lines.at(-1)).toMatch(/^out of order: \d+ records, 2 violations$/);
});

test("verify judge says twenty violations of many, how many more there are, and the right sum", async () => {
  const paths = pathsOf("a", "b");
  const run = aRun({ slots: 100 }).records(1, 200, { volumes: [0] });
  await Promise.all(run.volumes.map(({ data }, i) => writeFile(paths[i] ?? "", data)));
  const { lines } = await judgeThem(paths);
  expect(lines).toHaveLength(22);
  expect(lines.slice(20)).toEqual(["and 80 more", "out of order: 200 records, 100 violations"]);
});

test("verify write over NBD sockets ends well when it is told to stop, its last records finished", async () => {
  const served = [await aServedDevice(), await aServedDevice()];
  const paths = served.map(({ path }) => path);
  const stop = new AbortController();
  const lines: string[] = [];
  const options = { paths, writers: 2, slots: 4, runId, signal: stop.signal };
  await verifyWrite({ ...options, clock: systemClock, random: systemRandom }, (line) => {
    lines.push(line);
    setImmediate(() => stop.abort());
  });
  const end = lines.at(-1) ?? "";
  expect(JSON.parse(end).acked).toEqual(JSON.parse(end).issued);
  expect(await judgeThem(paths, { before: end, after: end })).toMatchObject({ inOrder: true });
  for (const each of served) await each.close();
});

test("verify write refuses a single volume, which has no order to lose", async () => {
  await expect(write(pathsOf("a"))).rejects.toThrow("two volumes at least, not 1");
});

test("verify judge refuses a path where nothing stands, and a folder without a socket", async () => {
  await expect(judgeThem(pathsOf("a", "b"))).rejects.toThrow(`there is no volume at ${join(folder, "a")}`);
  await expect(judgeThem([folder, folder])).rejects.toThrow(`${folder} for the order test: it is a folder`);
});

test("verify judge refuses a file that ends before its rings do", async () => {
  const paths = pathsOf("a", "b");
  await write(paths);
  const file = await open(paths[1] ?? "", "r+");
  await file.truncate(8192);
  await file.close();
  await expect(judgeThem(paths)).rejects.toThrow(/b has 8192 bytes, the order test needs \d+/);
  await writeFile(paths[1] ?? "", "short");
  await expect(judgeThem(paths)).rejects.toThrow("ends 4091 bytes too early");
});

test.each(["", "{}", "[1]", '{"acked":[1],"issued":[1,2]}', '{"acked":["1"],"issued":[1]}', "acked 1"])(
  "verify judge refuses %j as progress, and shows what progress looks like",
  async (before) => {
    await expect(judgeThem(pathsOf("a", "b"), { before })).rejects.toThrow(/is no progress; it looks like \{"acked"/);
  },
);
