import { spawn } from "node:child_process";
import { once } from "node:events";
import { Failure } from "../../lib/failure.ts";
import type { Step } from "../pool/workshop.ts";
import { bundled } from "./bundled.ts";

/** A driver in a process of its own, which serves. */
export interface DriverProcess {
  readonly pid: number;
  /** Resolves when the process is gone, with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  /** Sends a signal and waits for the end. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export async function startDriverProcess(options: {
  readonly endpoint: string;
  readonly poolDir: string;
  readonly engine: string;
  /** Kills itself, as by kill -9, after the n-th time that the step is done. */
  readonly fatal?: { readonly step: Step; readonly times: number };
}): Promise<DriverProcess> {
  const { endpoint, poolDir, engine, fatal } = options;
  const program = await bundled(new URL("./doomed-driver.ts", import.meta.url));
  const engineProgram = await bundled(new URL("../block/engine-main.ts", import.meta.url));
  const args = [endpoint, poolDir, engine, engineProgram, ...(fatal ? [fatal.step, String(fatal.times)] : [])];
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_, signal) => resolve(signal)));
  const failed = ended.then(() => {
    throw new Failure("unavailable", "the driver ended before it served");
  });
  await Promise.race([once(child.stdout, "data"), failed]);
  return {
    pid: child.pid ?? 0,
    ended,
    async end(signal) {
      child.kill(signal);
      await ended;
    },
  };
}
