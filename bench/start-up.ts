// `groupsnap start`, installed build: until its API answers, until everything is ready, and the memory it then takes. With
// root also as it is there by default, with volumes that are mounted. STARTS=5 repeats it more often; the first start on a
// folder makes keys, and its pool, later ones find them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { spreadOf } from "../src/testing/spread.ts";

const starts = Number(process.env.STARTS ?? 5);
await measure("userland");
if (process.getuid?.() === 0) await measure("auto");

async function measure(engine: string): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "gs-bench-"));
  const samples: Sample[] = [];
  for (let i = 0; i < starts; i++) samples.push(await startOnce(dataDir, engine));
  rmSync(dataDir, { recursive: true });
  const [first, ...later] = samples;
  console.log(`--engine ${engine}`);
  console.log(`first start on a folder: API ${first?.apiMs.toFixed(0)} ms, ready ${first?.readyMs.toFixed(0)} ms`);
  console.log(
    `later starts: API ${spreadOf(
      later.map(({ apiMs }) => apiMs),
      "ms",
    )}; ready ${spreadOf(
      later.map(({ readyMs }) => readyMs),
      "ms",
    )}`,
  );
  console.log(
    `memory when ready: ${spreadOf(
      samples.map(({ memoryMiB }) => memoryMiB),
      "MiB",
    )}, and ${spreadOf(
      samples.map(({ besideMiB }) => besideMiB),
      "MiB",
    )} beside it, in a block engine`,
  );
}

interface Sample {
  readonly apiMs: number;
  readonly readyMs: number;
  readonly memoryMiB: number;
  /** In the processes that it started. */
  readonly besideMiB: number;
}

async function startOnce(dataDir: string, engine: string): Promise<Sample> {
  const port = await freePort();
  const begunMs = performance.now();
  const args = ["start", "--data-dir", dataDir, "--port", `${port}`, "--engine", engine];
  const child = spawn(process.execPath, ["dist/cli/main.js", ...args], { stdio: ["ignore", "pipe", "ignore"] });
  const [apiMs, readyMs] = await Promise.all([
    untilAnswers(port).then(() => performance.now() - begunMs),
    untilReady(child.stdout).then(() => performance.now() - begunMs),
  ]);
  const besideMiB = childrenOf(child.pid).reduce((sum, pid) => sum + residentMiB(pid), 0);
  const sample = { apiMs, readyMs, memoryMiB: residentMiB(child.pid), besideMiB };
  child.kill("SIGTERM");
  await once(child, "exit");
  return sample;
}

async function untilReady(stdout: NodeJS.ReadableStream): Promise<void> {
  for await (const line of createInterface({ input: stdout })) if (line.startsWith("ready:")) return;
  throw new Error("it ended before it was ready");
}

async function untilAnswers(port: number): Promise<void> {
  while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Whether the health check answers; who it is does not matter here. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, path: "/readyz", rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on("error", () => resolve(false)).end();
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

function residentMiB(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

function childrenOf(pid: number | undefined): readonly number[] {
  return (readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").match(/\d+/g) ?? []).map(Number);
}
