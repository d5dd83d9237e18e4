import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Failure } from "../../lib/failure.ts";
import type { WatchdogAnswer, WatchdogAsk } from "./watchdog-protocol.ts";

/** A thread for every filesystem that is frozen at once, and some to spare; a thread costs little unused. */
const threads = 128;

/** The driver's end of the watchdog: one ask at a time. */
export class WatchdogProcess {
  readonly #child: ChildProcess;
  /** Rejects when it ends. */
  readonly ended: Promise<never>;

  constructor(command: readonly [string, ...string[]]) {
    const [program, ...args] = command;
    this.#child = spawn(program, args, {
      stdio: ["ignore", 2, 2, "ipc"], // its output is log, and standard output belongs to our own answers
      env: { ...process.env, UV_THREADPOOL_SIZE: String(threads) },
    });
    this.ended = new Promise<never>((_, reject) => {
      const end = (how: string) => reject(new Failure("unavailable", `the freeze watchdog ended (${how})`));
      this.#child.once("error", (error) => end(error.message));
      this.#child.once("exit", (status, signal) => end(signal ?? `status ${status}`));
    });
    this.ended.catch(() => undefined); // whoever asks is told
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || !this.#child.connected;
  }

  /** @throws Failure as told by it; "unavailable" if it ends before it answers */
  async ask(ask: WatchdogAsk): Promise<Exclude<WatchdogAnswer, { kind: "refused" }>> {
    if (this.hasEnded) throw new Failure("unavailable", "the freeze watchdog has ended");
    const answered = once(this.#child, "message");
    this.#child.send(ask, () => undefined); // a failed send is followed by its end
    const [answer] = (await Promise.race([answered, this.ended])) as [WatchdogAnswer]; // nothing else is sent
    if (answer.kind === "refused") throw new Failure(answer.failure.code, answer.failure.message);
    return answer;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** It thaws whatever is frozen, and ends. */
  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
