import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";

/** Callers give up after about a minute; well before that they are told to come again. */
const patienceMs = 20_000;

/**
 * Work that outlives the call that began it: a repeated call joins it, and nobody waits longer than `patienceMs`.
 *
 * So a caller whose deadline passed finds the work done when it comes again, and not begun anew.
 */
export class Jobs<T> {
  readonly #clock: Clock;
  readonly #running = new Map<string, Job<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param job.request what was asked for, to tell a repetition from another request under the same name
   * @throws Failure "exists" if something else is being made under the name; "busy" if it is not done in time; what the
   *   work throws
   */
  async join(job: {
    readonly name: string;
    readonly request: string;
    readonly signal: AbortSignal;
    readonly start: () => Promise<T>;
  }): Promise<T> {
    const { name, request, signal } = job;
    const running = this.#running.get(name) ?? this.#begin(name, request, job.start);
    if (running.request !== request)
      throw new Failure("exists", `${name} is being made from another request; use another name`);
    return this.#wait(name, running.result, signal);
  }

  /** Resolves when none is running. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map(({ result }) => result));
  }

  #begin(name: string, request: string, start: () => Promise<T>): Job<T> {
    const result = start().finally(() => this.#running.delete(name));
    result.catch(() => undefined); // whoever waits is told; there may be nobody any more
    const job = { request, result };
    this.#running.set(name, job);
    return job;
  }

  async #wait(name: string, result: Promise<T>, signal: AbortSignal): Promise<T> {
    const done = new AbortController();
    const late = this.#clock.sleep(patienceMs, AbortSignal.any([signal, done.signal])).then(() => {
      throw new Failure("busy", `${name} is still being made; ask again`);
    });
    try {
      return await Promise.race([result, late]);
    } finally {
      done.abort();
      late.catch(() => undefined); // it was only to bound the wait
    }
  }
}

interface Job<T> {
  readonly request: string;
  readonly result: Promise<T>;
}
