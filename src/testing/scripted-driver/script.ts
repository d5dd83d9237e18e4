import { type Code, Failure } from "../../lib/failure.ts";
import type { World } from "./world.ts";

/** What a test can tell the driver to do otherwise. Methods are named as in CSI: "CreateVolume". */
export interface Script {
  /** Every call so far, in the order in which they came. */
  readonly calls: readonly RecordedCall[];
  /** How many calls of the method came. */
  count(method: string): number;
  /** Lets the method fail, from its next call on. */
  fail(method: string, code: Code, options?: FailOptions): void;
  /** Lets calls of the method wait until the returned function is called. */
  hold(method: string): () => void;
  /** Changes the answers of the method. Undo with `heal`. */
  alter(method: string, change: (answer: Answer) => Answer): void;
  /** Snapshots and groups are ready once they were asked for more often than this. */
  readyAfter(polls: number): void;
  /** From now on the method (or every method) works as it should again. */
  heal(method?: string): void;
  /** Resolves when a call of the method has come in, be it held or not. */
  called(method: string): Promise<void>;
}

export interface RecordedCall {
  readonly method: string;
  readonly request: object;
}

export interface FailOptions {
  /** How often; for ever unless told. */
  readonly times?: number;
  readonly message?: string;
  /** Does the work first: the caller cannot know that it happened. */
  readonly afterwards?: boolean;
}

// An answer is whatever the method answers; tests know which.
export type Answer = Record<string, unknown>;

interface Fault {
  readonly code: Code;
  readonly message: string;
  readonly afterwards: boolean;
  left: number;
}

interface Directions extends Script {
  run(method: string, request: object, signal: AbortSignal, work: () => Promise<Answer>): Promise<Answer>;
}

export function aScript(world: World): Directions {
  const calls: RecordedCall[] = [];
  const faults = new Map<string, Fault>();
  const gates = new Map<string, Promise<void>>();
  const changes = new Map<string, (answer: Answer) => Answer>();
  const listeners = new Map<string, (() => void)[]>();

  const record = (method: string, request: object) => {
    calls.push({ method, request });
    for (const listener of listeners.get(method) ?? []) listener();
    listeners.delete(method);
  };
  const faultOf = (method: string) => {
    const fault = faults.get(method);
    if (!fault || fault.left <= 0) return undefined;
    fault.left--;
    return fault;
  };

  return {
    calls,
    count: (method) => calls.filter((call) => call.method === method).length,
    fail(method, code, { times = Number.POSITIVE_INFINITY, message = `scripted ${code}`, afterwards = false } = {}) {
      faults.set(method, { code, message, afterwards, left: times });
    },
    hold(method) {
      let open: () => void = () => undefined;
      gates.set(method, new Promise((resolve) => (open = resolve)));
      return () => {
        gates.delete(method);
        open();
      };
    },
    alter: (method, change) => void changes.set(method, change),
    readyAfter(polls) {
      world.pollsUntilReady = polls;
    },
    heal(method) {
      for (const told of [faults, changes]) {
        if (method === undefined) told.clear();
        else told.delete(method);
      }
    },
    called: (method) => new Promise((resolve) => listeners.set(method, [...(listeners.get(method) ?? []), resolve])),
    async run(method, request, signal, work) {
      record(method, request);
      await orAborted(gates.get(method), signal);
      const fault = faultOf(method);
      if (fault && !fault.afterwards) throw new Failure(fault.code, fault.message);
      const answer = await work();
      if (fault) throw new Failure(fault.code, fault.message);
      return changes.get(method)?.(answer) ?? answer;
    },
  };
}

/** The handlers, each behind the script. */
export function scripted<H extends object>(script: Directions, handlers: H): H {
  const behind = Object.entries(handlers).map(([name, handle]) => [
    name,
    (request: object, serving: { readonly signal: AbortSignal }) =>
      script.run(capitalized(name), request, serving.signal, () => handle(request, serving)),
  ]);
  return Object.fromEntries(behind) as H; // the same names, with the same requests and answers
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function orAborted(gate: Promise<void> | undefined, signal: AbortSignal): Promise<void> | undefined {
  if (!gate) return undefined;
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    gate.then(resolve, reject);
  });
}
