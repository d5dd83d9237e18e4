import { spawn } from "node:child_process";
import { once } from "node:events";
import { Failure } from "../../lib/failure.ts";
import type { PoolImage } from "../pool/pool-image.ts";
import type { Step } from "../pool/workshop.ts";
import { bundled } from "./bundled.ts";

/** What happens after the n-th time that the step is done. */
export interface Doom {
  readonly step: Step;
  readonly times: number;
  /** Who is killed, as by kill -9: the driver if absent; "helpers" are the processes that it started. */
  readonly victims?: "driver" | "helpers" | "all" | "nobody, but the driver stops" | "nobody, but the helpers stop";
}

/** A driver in a process of its own, which serves. */
export interface DriverProcess {
  readonly pid: number;
  /** Resolves when the process is gone, with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  /** Sends a signal and waits for the end. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** Of its standard error, from the end: enough for the error that ended it. */
const saidLimit = 4_096;

/** @throws Failure "unavailable" with what it said last, if it ends before it serves */
export async function startDriverProcess(options: {
  readonly endpoint: string;
  readonly poolDir: string;
  readonly engine: string;
  readonly poolImage?: PoolImage;
  readonly doom?: Doom;
}): Promise<DriverProcess> {
  const { endpoint, poolDir, engine, poolImage, doom } = options;
  const program = await bundled(new URL("./doomed-driver.ts", import.meta.url));
  const blockEngine = await bundled(new URL("../block/engine-main.ts", import.meta.url));
  const watchdog = await bundled(new URL("../hold/watchdog-main.ts", import.meta.url));
  const args = [
    endpoint,
    poolDir,
    engine,
    blockEngine,
    watchdog,
    JSON.stringify(doom ?? {}),
    JSON.stringify(poolImage ?? null),
  ];
  const child = spawn(process.execPath, [program, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-saidLimit);
    process.stderr.write(chunk);
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("close", (_, signal) => resolve(signal)));
  const failed = ended.then(() => {
    throw new Failure("unavailable", `the driver ended before it served: ${said}`);
  });
  await Promise.race([once(child.stdout, "data"), failed]);
  return {
    pid: child.pid ?? 0,
    ended,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
}
