import { join } from "node:path";
import { type Daemon, startDaemon } from "../../lib/daemon.ts";
import { Failure } from "../../lib/failure.ts";
import { programPath } from "../../processes/program.ts";

/** A cluster in a process of its own, as a user would start it. */
export interface DemoCluster {
  readonly kubeconfig: string;
  readonly pid: number;
  /** Ends the process with SIGTERM. @throws Failure "internal" if it does not end cleanly */
  stop(): Promise<void>;
  /** Leaves it running after this process has ended. */
  leave(): void;
}

/** At sockets: what is shown is to be the same for everybody, with root and without. */
const startArgs = ["start", "--port", "0", "--engine", "userland"] as const;

/** Runs `groupsnap start` on a free port. @throws Failure "unavailable" with the end of its log if it does not work */
export async function startCluster(options: {
  readonly dataDir: string;
  readonly signal: AbortSignal;
}): Promise<DemoCluster> {
  const daemon = await startDaemon({
    argv: [process.execPath, programPath(), ...startArgs, "--data-dir", options.dataDir],
    logPath: join(options.dataDir, "start.log"),
    signal: options.signal,
  });
  return {
    kubeconfig: daemon.ready.replace(/^kubeconfig /, ""),
    pid: daemon.pid,
    stop: () => stop(daemon),
    leave: daemon.leave,
  };
}

async function stop(daemon: Daemon): Promise<void> {
  const status = await daemon.end("SIGTERM");
  if (status !== 0) throw new Failure("internal", `the cluster ended with status ${status}: ${daemon.log()}`);
}
