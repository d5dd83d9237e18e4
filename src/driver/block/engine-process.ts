import { type ChildProcess, spawn } from "node:child_process";
import { type Clock, withTimeout } from "../../lib/clock.ts";
import { Failure, failureOf } from "../../lib/failure.ts";
import { type Ask, type EngineMessage, protocolVersion, type WireFailure } from "./protocol.ts";

/** Enough that sixteen volumes' syncs and the background copies leave threads for writes; each costs little unused. */
const engineThreads = 32;
/** Calls do bounded work, the gates' wait included; copying is not waited for in a call. */
const callTimeoutMs = 10_000;
/** Withdrawing and syncing everything, within what a driver's own stop may take. */
const stopTimeoutMs = 3_000;

/** One running engine process. When it ends, for whatever reason, everything asked of it fails as "unavailable". */
export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #calls = new Map<number, Pending>();
  readonly #copies = new Map<string, Pending>();
  readonly #gone = new AbortController();
  #nextCall = 0;
  /** Resolves when the process has ended, with how. */
  readonly ended: Promise<string>;

  constructor(command: readonly [string, ...string[]], clock: Clock) {
    const [program, ...args] = command;
    this.#clock = clock;
    this.#child = spawn(program, args, {
      stdio: ["ignore", 2, 2, "ipc"], // its output is log, and standard output belongs to our own answers
      env: { ...process.env, UV_THREADPOOL_SIZE: String(engineThreads) },
    });
    this.#child.on("message", (message) => this.#hear(message as EngineMessage));
    this.#child.on("error", (error) => this.#end(error.message)); // also a failed send; then it has gone or goes
    this.ended = new Promise((resolve) => {
      this.#gone.signal.addEventListener("abort", () => resolve(String(this.#gone.signal.reason)), { once: true });
    });
    this.#child.once("exit", (status, signal) => this.#end(signal ?? `status ${status}`));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#gone.signal.aborted;
  }

  /** @throws Failure "precondition" if it is of another version */
  async hello(lock: string): Promise<void> {
    await this.ask({ do: "hello", version: protocolVersion, lock });
  }

  /** @returns the instant, if what was asked was a cut */
  async ask(ask: Ask, timeoutMs = callTimeoutMs): Promise<number | undefined> {
    const call = this.#nextCall++;
    const limit = { timeoutMs, what: `the block engine's answer to ${ask.do}`, signal: this.#gone.signal };
    try {
      return await withTimeout(this.#clock, limit, (signal) => this.#send({ ...ask, call }, signal));
    } catch (error) {
      if (this.#gone.signal.aborted && !(error instanceof Failure)) throw this.#goneFailure();
      throw failureOf(error);
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Resolves when the cut's copies are complete. To be called before the cut is asked for, so that no word is missed. */
  copied(cut: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#copies.set(cut, { resolve: () => resolve(), reject });
    });
  }

  /** Waits no longer for a cut's copies: it was refused. */
  forget(cut: string): void {
    this.#copies.delete(cut);
  }

  /** Ends it: everything withdrawn and synced if it can do that in time, by force otherwise. */
  async stop(): Promise<void> {
    if (this.#gone.signal.aborted) return;
    await this.ask({ do: "stop" }, stopTimeoutMs).catch(() => this.#child.kill("SIGKILL"));
    if (this.#child.connected) this.#child.disconnect();
    await this.ended;
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    if (this.#gone.signal.aborted) return;
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  #send(message: Ask & { readonly call: number }, signal: AbortSignal): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#calls.set(message.call, { resolve, reject });
      this.#child.send(message, (error) => {
        if (error) reject(new Failure("unavailable", `cannot reach the block engine: ${error.message}`));
      });
    });
  }

  #hear(message: EngineMessage): void {
    const isCopy = message.kind === "copied";
    const pending = isCopy ? this.#copies.get(message.cut) : this.#calls.get(message.call);
    if (isCopy) this.#copies.delete(message.cut);
    if (message.kind === "refusal") pending?.reject(failureOfWire(message.failure));
    else if (isCopy && message.failure !== undefined) pending?.reject(failureOfWire(message.failure));
    else pending?.resolve(isCopy ? undefined : message.takenAtMs);
  }

  #end(how: string): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort(how);
    for (const copy of this.#copies.values()) copy.reject(this.#goneFailure());
    this.#copies.clear();
  }

  #goneFailure(): Failure {
    const how = String(this.#gone.signal.reason);
    return new Failure("unavailable", `the block engine ended (${how}); it is started again, try again`);
  }
}

interface Pending {
  resolve(takenAtMs: number | undefined): void;
  reject(failure: Failure): void;
}

function failureOfWire({ code, message }: WireFailure): Failure {
  return new Failure(code, message);
}
