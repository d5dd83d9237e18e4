import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Failure } from "../../lib/failure.ts";

/** A cluster in a process of its own, as a user would start it. */
export interface DemoCluster {
  readonly kubeconfig: string;
  readonly pid: number;
  /** Ends the process with SIGTERM. @throws Failure "internal" if it does not end cleanly */
  stop(): Promise<void>;
  /** Leaves it running after this process has ended. */
  keep(): void;
}

const readyLine = /^ready: kubeconfig (.+)$/;

/**
 * Runs `groupsnap start` and waits for its ready line.
 *
 * @throws Failure "unavailable" with the end of its log if it ends before
 */
export async function startCluster(options: { readonly dataDir: string; readonly signal: AbortSignal }): Promise<DemoCluster> {
  const program = process.argv[1];
  if (!program) throw new Failure("internal", "cannot start a cluster: this program does not know its own path");
  const logPath = join(options.dataDir, "start.log");
  const child = spawn(process.execPath, [program, "start", "--data-dir", options.dataDir, "--port", "0"], {
    stdio: ["ignore", "pipe", openSync(logPath, "a", 0o600)],
    detached: true,
  });
  const log = () => endOfFile(logPath);
  const kubeconfig = await Promise.race([readyOf(child), endOf(child, log), abortOf(options.signal)]).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw error;
  });
  return {
    kubeconfig,
    pid: child.pid ?? 0,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const [status] = await ended;
      if (status !== 0) throw new Failure("internal", `the cluster ended with status ${status}: ${log()}`);
    },
    keep() {
      child.unref();
    },
  };
}

async function readyOf(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Failure("internal", "the cluster's output is not readable");
  for await (const line of createInterface({ input: child.stdout })) {
    const [, kubeconfig] = readyLine.exec(line) ?? [];
    if (kubeconfig) return kubeconfig;
  }
  return new Promise(() => undefined); // it ended; endOf tells why
}

async function endOf(child: ChildProcess, log: () => string): Promise<never> {
  const [status] = await once(child, "exit");
  throw new Failure("unavailable", `the cluster ended with status ${status} before it was ready: ${log() || "it printed no reason"}`);
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** What a log says last, for messages. */
function endOfFile(path: string): string {
  return readFileSync(path, "utf8").slice(-2000).trim();
}
