import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { abortOf } from "./abort.ts";
import { assert } from "./assert.ts";
import { Failure } from "./failure.ts";

/** A process of ours that goes on by itself and has said that it works. */
export interface Daemon {
  /** What it said behind `ready: `. */
  readonly ready: string;
  readonly pid: number;
  /** The end of its log. */
  log(): string;
  /** Sends a signal and waits for the end. Gives the exit status, or null if the signal ended it. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
  /** Lets this process end before it. */
  leave(): void;
}

const readyLine = /^ready: (.+)$/;
const shownLogLength = 2000;

/**
 * Starts a process and waits for its line `ready: …` on standard output.
 *
 * @param options.argv program and arguments
 * @param options.logPath gets its standard error; made with mode 0600
 * @throws Failure "unavailable" with the end of its log if it ends before; the signal's reason, and it is killed
 */
export async function startDaemon(options: {
  readonly argv: readonly [string, ...string[]];
  readonly logPath: string;
  readonly signal: AbortSignal;
}): Promise<Daemon> {
  const [program, ...args] = options.argv;
  const logFile = openSync(options.logPath, "a", 0o600);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", logFile], detached: true });
  closeSync(logFile);
  const log = () => readFileSync(options.logPath, "utf8").slice(-shownLogLength).trim();
  const waited = new AbortController();
  try {
    const ready = await Promise.race([
      readyOf(child),
      endOf(child, log),
      abortOf(AbortSignal.any([options.signal, waited.signal])),
    ]);
    return { ready, pid: child.pid ?? 0, log, end: (signal) => end(child, signal), leave: () => leave(child) };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    waited.abort();
  }
}

function readyOf(child: ChildProcess): Promise<string> {
  const { stdout } = child;
  assert(stdout, "a pipe was asked for");
  return new Promise((resolve) => {
    createInterface({ input: stdout }).on("line", (line) => {
      const [, ready] = readyLine.exec(line) ?? [];
      if (ready) resolve(ready);
    });
  });
}

async function endOf(child: ChildProcess, log: () => string): Promise<never> {
  const [status, signal] = await once(child, "exit");
  throw new Failure(
    "unavailable",
    `${child.spawnargs.join(" ")} ended with ${signal ?? `status ${status}`} before it was ready: ${log() || "it logged nothing"}`,
  );
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
  return child.exitCode;
}

function leave(child: ChildProcess): void {
  child.stdout?.destroy();
  child.unref();
}
