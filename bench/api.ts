// The embedded API server, built, in a process of its own: start, 16 clients over TLS, lists, watches, memory.
// API_ROUNDS=5 repeats everything more often; the spread is over the rounds.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type RawClient, rawClient } from "../src/testing/raw-client.ts";
import { widgets } from "../src/testing/widgets.ts";

const rounds = Number(process.env.API_ROUNDS ?? 3);
const clients = 16;
const objects = 5000;
const watchers = 100;
const widgetsPath = "/apis/example.com/v1/namespaces/default/widgets";

const dataDir = mkdtempSync(join(tmpdir(), "gs-bench-"));
try {
  const first = await startServer();
  console.log(`start, first on this folder: ${first.startMs.toFixed(0)} ms`);
  await stop(first.child);
  const server = await startServer();
  console.log(`start, later ones: ${server.startMs.toFixed(0)} ms; memory idle ${residentMiB(server.child)} MiB`);
  const client = rawClient(server);
  await client.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", { body: widgets });
  const figures: Figures[] = [];
  for (let round = 0; round < rounds; round++) {
    figures.push(await measure(client, round));
    if (round === 0) console.log(`memory after ${objects * 4} requests: ${residentMiB(server.child)} MiB`);
  }
  for (const name of Object.keys(figures[0] ?? {})) print(name, figures);
  client.close();
  await stop(server.child);
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}

type Figures = Readonly<Record<string, number>>;

async function startServer() {
  const argv = ["dist/cli/main.js", "apiserver", "--data-dir", dataDir, "--port", "0"];
  const begunMs = performance.now();
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith("ready:")) return { child, startMs: performance.now() - begunMs, ...readKubeconfig() };
  throw new Error("the server ended before it was ready");
}

function readKubeconfig(): { readonly url: string; readonly caPem: string; readonly adminToken: string } {
  const config = JSON.parse(readFileSync(join(dataDir, "kubeconfig"), "utf8"));
  const { server, "certificate-authority-data": ca } = config.clusters[0].cluster;
  return { url: server, caPem: Buffer.from(ca, "base64").toString(), adminToken: config.users[1].user.token };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await once(child, "exit");
}

function residentMiB(child: ChildProcess): string {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024).toFixed(0);
}

async function measure(client: RawClient, round: number): Promise<Figures> {
  const name = (i: number) => `w-${round}-${i}`;
  const contentType = "application/merge-patch+json";
  return {
    "creates a second": await rate(objects, (i) => client.send("POST", widgetsPath, { body: widget(name(i), i) })),
    "patches a second": await rate(objects, (i) =>
      client.send("PATCH", `${widgetsPath}/${name(i)}`, { body: { spec: { size: i + 1 } }, contentType }),
    ),
    "reads a second": await rate(2 * objects, (i) => client.send("GET", `${widgetsPath}/${name(i % objects)}`)),
    [`list of ${objects}, fastest of 20, ms`]: await fastestList(client),
    [`watch delivery to ${watchers}, p50, ms`]: await deliveryMs(client, round),
  };
}

function widget(name: string, size: number): object {
  const metadata = { name, labels: { bench: "yes" } };
  return { apiVersion: "example.com/v1", kind: "Widget", metadata, spec: { size, note: "x".repeat(500) } };
}

async function rate(count: number, work: (i: number) => Promise<{ readonly code: number }>): Promise<number> {
  let next = 0;
  const begunMs = performance.now();
  const run = async () => {
    while (next < count) {
      const { code } = await work(next++);
      if (code >= 300) throw new Error(`the server answered ${code}`);
    }
  };
  await Promise.all(Array.from({ length: clients }, run));
  return (1000 * count) / (performance.now() - begunMs);
}

async function fastestList(client: RawClient): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const begunMs = performance.now();
    await client.send("GET", `${widgetsPath}?limit=${objects}`);
    times.push(performance.now() - begunMs);
  }
  return Math.min(...times);
}

async function deliveryMs(client: RawClient, round: number): Promise<number> {
  const now = await client.send("GET", `${widgetsPath}?limit=1`);
  const { resourceVersion } = now.body.metadata as { resourceVersion: string };
  const path = `${widgetsPath}?watch=1&resourceVersion=${resourceVersion}`;
  const open = await Promise.all(Array.from({ length: watchers }, () => client.watch(path)));
  const times: number[] = [];
  for (let i = 0; i < 50; i++) {
    const begunMs = performance.now();
    const sent = client.send("POST", widgetsPath, { body: widget(`seen-${round}-${i}`, i) });
    await Promise.all(
      open.map((watch) =>
        watch.next(() => watch.events.length > i).then(() => times.push(performance.now() - begunMs)),
      ),
    );
    await sent;
  }
  for (const watch of open) watch.close();
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

function print(name: string, figures: readonly Figures[]): void {
  const values = figures.map((figure) => figure[name] ?? Number.NaN).sort((a, b) => a - b);
  const [least, middle, most] = [values[0], values[values.length >> 1], values.at(-1)].map((value) =>
    value?.toFixed(value < 100 ? 1 : 0),
  );
  console.log(`${name}: ${middle} (${least} to ${most} in ${figures.length} rounds)`);
}
