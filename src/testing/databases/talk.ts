import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { abortOf } from "../../lib/abort.ts";
import { systemClock, withTimeout } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";

/** A child process that is talked to by lines. It does not outlive this process, however that ends. */
export interface Talk {
  readonly pid: number;
  /** Writes to its standard input. */
  say(text: string): void;
  /** Resolves when a line is heard, from now on, that has the sign. @throws Failure as `over`; TimeoutError */
  until(sign: RegExp): Promise<void>;
  /** Rejects once it has ended, with the last it said. */
  readonly over: Promise<never>;
  /** Sends a signal, to its child if that is named, and waits for the end of both. Gives the exit status. */
  end(signal: NodeJS.Signals, pid?: number): Promise<number | null>;
}

/** What takes longer has hung; the machine may be busy. */
const patienceMs = 60_000;
const shownLines = 5;
const endWithParent = ["setpriv", "--pdeathsig=KILL", "--"] as const;
const { signal: never } = new AbortController();

/**
 * @param what names it in messages
 * @param heard gets each line of its standard output and its standard error
 */
export function talk(
  what: string,
  argv: readonly [string, ...string[]],
  heard: (line: string) => void = () => undefined,
): Talk {
  const [program, ...args] = [...endWithParent, ...argv];
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  const last: string[] = [];
  const listeners = new Set([heard]);
  const hear = (line: string) => {
    last.push(line);
    if (last.length > shownLines) last.shift();
    for (const listener of listeners) listener(line);
  };
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", hear);
  child.stdin.on("error", () => undefined); // it has ended, which `over` tells
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", ({ message }) => hear(message));
    child.once("close", resolve);
  });
  const over = ended.then((status) => {
    throw new Failure("unavailable", `${what} ended with status ${status}: ${last.join("; ") || "it said nothing"}`);
  });
  over.catch(() => undefined); // whoever asks is told
  const sighted = (sign: RegExp) =>
    new Promise<void>((resolve) => {
      const listener = (line: string) => {
        if (!sign.test(line)) return;
        listeners.delete(listener);
        resolve();
      };
      listeners.add(listener);
    });
  return {
    pid: child.pid ?? 0,
    say: (text) => void child.stdin.write(text),
    until(sign) {
      const limit = { timeoutMs: patienceMs, what: `waiting for ${what} to say ${sign}`, signal: never };
      return withTimeout(systemClock, limit, (late) => Promise.race([sighted(sign), over, abortOf(late)]));
    },
    over,
    async end(signal, pid = child.pid ?? 0) {
      if (child.exitCode === null && child.signalCode === null && pid > 0) process.kill(pid, signal);
      const done = new AbortController();
      systemClock.sleep(patienceMs, done.signal).then(
        () => child.kill("SIGKILL"),
        () => undefined, // it ended by itself
      );
      const status = await ended;
      done.abort();
      return status;
    },
  };
}
