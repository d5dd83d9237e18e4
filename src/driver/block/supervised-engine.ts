import { abortOf } from "../../lib/abort.ts";
import { type BackoffRange, backoffMs } from "../../lib/backoff.ts";
import { type Clock, withTimeout } from "../../lib/clock.ts";
import { Failure, failureOf } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { BlockEngine, TakenCut } from "./block-engine.ts";
import { EngineProcess } from "./engine-process.ts";
import type { Ask, CutRequest, ServedExport } from "./protocol.ts";

/** A dead engine stalls every volume: the first restart is nearly at once, the next ones only if it keeps dying. */
const restartPause: BackoffRange = { startMs: 50, capMs: 5_000 };
/** An engine that lived this long was healthy: what ended it is news, not a loop. */
const healthyMs = 60_000;
/** How long a call waits for an engine that is being started: a start takes 0.1 s, on a busy machine some seconds. */
const readyLimitMs = 15_000;

export interface EngineOptions {
  /** Program and arguments that run the block engine. */
  readonly command: readonly string[];
  /** Socket by which others see that an engine lives. */
  readonly lock: string;
  /** What is to be served: asked for at every start. */
  readonly exports: () => readonly ServedExport[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** The block engine in a child process: started, watched, and started again with all its exports when it dies. */
export class SupervisedEngine implements BlockEngine {
  readonly #options: EngineOptions;
  readonly #closed = new AbortController();
  #ready: Promise<EngineProcess>;
  #attempts = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#ready = this.#start();
    this.#ready.catch(() => undefined); // only by closing; who waits for it is told
  }

  /** Resolves once the engine serves. @throws Failure if that takes too long */
  async ready(): Promise<void> {
    await this.#engine();
  }

  async serve(served: ServedExport): Promise<void> {
    await this.#ask({ do: "serve", served });
  }

  async withdraw(socket: string): Promise<void> {
    await this.#ask({ do: "withdraw", socket });
  }

  async grow(image: string, sizeBytes: number): Promise<void> {
    await this.#ask({ do: "grow", image, sizeBytes });
  }

  async cut(request: CutRequest): Promise<TakenCut> {
    const engine = await this.#engine();
    const copied = engine.copied(request.id);
    copied.catch(() => undefined); // heard through the returned promise; if the cut is refused, it never comes
    const takenAtMs = await engine.ask({ do: "cut", request }).catch((error: unknown) => {
      engine.forget(request.id);
      throw error;
    });
    if (takenAtMs === undefined) throw new Failure("internal", "the block engine did not say when it cut");
    return { takenAt: new Date(takenAtMs), copied };
  }

  async close(): Promise<void> {
    this.#closed.abort(new Failure("unavailable", "the driver stops"));
    const engine = await this.#ready.catch(() => undefined);
    await engine?.stop();
  }

  async #ask(ask: Ask): Promise<void> {
    const engine = await this.#engine();
    await engine.ask(ask);
  }

  /** The running engine, or the next one if it comes up soon. */
  #engine(): Promise<EngineProcess> {
    const limit = { timeoutMs: readyLimitMs, what: "starting the block engine", signal: this.#closed.signal };
    return withTimeout(this.#options.clock, limit, (signal) => {
      const late = abortOf(signal).catch((reason: unknown) => {
        throw failureOf(reason);
      });
      return Promise.race([this.#ready, late]);
    });
  }

  async #start(): Promise<EngineProcess> {
    const { clock, log, random, lock } = this.#options;
    for (;;) {
      const startedMs = clock.monotonicMs();
      const engine = new EngineProcess(commandOf(this.#options), clock);
      try {
        await engine.hello(lock);
        for (const served of this.#options.exports()) await this.#restore(engine, served);
        void this.#watch(engine, startedMs);
        log.info({ pid: engine.pid, ms: Math.round(clock.monotonicMs() - startedMs) }, "block engine serves");
        return engine;
      } catch (error) {
        log.error({ err: error, attempts: ++this.#attempts }, "block engine did not start");
        await engine.kill();
        await clock.sleep(backoffMs(restartPause, this.#attempts, random), this.#closed.signal);
      }
    }
  }

  /** One volume that cannot be served must not keep the others from it. */
  async #restore(engine: EngineProcess, served: ServedExport): Promise<void> {
    try {
      await engine.ask({ do: "serve", served });
    } catch (error) {
      if (engine.hasEnded) throw error;
      this.#options.log.error({ err: error, image: served.image }, "a volume cannot be served");
    }
  }

  async #watch(engine: EngineProcess, startedMs: number): Promise<void> {
    const how = await engine.ended;
    if (this.#closed.signal.aborted) return;
    const { clock, log, random } = this.#options;
    if (clock.monotonicMs() - startedMs > healthyMs) this.#attempts = 0;
    log.error({ how, attempts: ++this.#attempts }, "block engine ended; starting another");
    const pause = clock.sleep(backoffMs(restartPause, this.#attempts, random), this.#closed.signal);
    this.#ready = pause.then(() => this.#start());
    this.#ready.catch(() => undefined); // only by closing; who waits for it is told
  }
}

function commandOf({ command }: EngineOptions): readonly [string, ...string[]] {
  const [program, ...args] = command;
  if (program === undefined) throw new Failure("invalid", "there is no command to start the block engine with");
  return [program, ...args];
}
