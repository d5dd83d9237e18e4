import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Daemon, startDaemon } from "../lib/daemon.ts";
import { programPath } from "../processes/program.ts";

/** The built program in a temporary folder: `start` runs one of its processes and waits for its ready line. */
export interface Program {
  /** The folder that all of it happens in; short, so that sockets below it fit. */
  readonly folder: string;
  start(args: readonly string[], signal?: AbortSignal): Promise<Daemon>;
  /** Kills what is still running. */
  kill(): Promise<void>;
  /** Kills what is still running and removes the folder. */
  clean(): Promise<void>;
}

/** Of `start`, with a whole cluster in this folder. Its volumes are sockets, so that all is the same with root and without. */
export const clusterArgs = (dataDir: string, ...more: readonly string[]): readonly string[] => [
  "start",
  "--data-dir",
  dataDir,
  "--port",
  "0",
  "--engine",
  "userland",
  ...more,
];

/** A process that is not ready by then has hung. */
const readyLimitMs = 20_000;

/**
 * @param nodeFlags for node itself, before the program
 * @param folder a new one if absent
 */
export function program(nodeFlags: readonly string[] = [], folder = mkdtempSync(join(tmpdir(), "gs-"))): Program {
  const daemons: Daemon[] = [];
  const kill = async () => void (await Promise.all(daemons.map((daemon) => daemon.end("SIGKILL"))));
  return {
    folder,
    async start(args, signal = AbortSignal.timeout(readyLimitMs)) {
      const daemon = await startDaemon({
        argv: [process.execPath, ...nodeFlags, programPath(), ...args],
        logPath: join(folder, `${args[0]}-${daemons.length}.log`),
        signal,
      });
      daemons.push(daemon);
      return daemon;
    },
    kill,
    async clean() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
