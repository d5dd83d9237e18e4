import { hostname } from "node:os";
import type { Clock } from "../../lib/clock.ts";
import { failureOf, isFailure } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import { sentence } from "../../lib/sentence.ts";
import type { Client } from "../client/client.ts";
import type { KubeObject, Resource } from "../object.ts";
import { fingerprint } from "./fingerprint.ts";
import type { EventValue } from "./plan.ts";

/** Says what happened to objects, as Kubernetes events. Never fails and never waits. */
export interface EventRecorder {
  say(event: EventValue): void;
  /** Resolves when everything said so far has been written, or has failed to be. */
  quiet(): Promise<void>;
}

/** An event that `kubectl describe` shows: core/v1, which every cluster's RBAC knows. */
interface CoreEvent extends KubeObject {
  readonly involvedObject: object;
  readonly reason: string;
  readonly message: string;
  readonly type: string;
  readonly source: { readonly component: string };
  readonly reportingComponent: string;
  readonly reportingInstance: string;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly count: number;
}

const events: Resource<CoreEvent> = { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true };

/** Events that wait to be written; beyond this the server has other trouble, and they are dropped. */
const queueLimit = 1_000;
/** Written side by side: events are no reason to keep the server busy. */
const writers = 4;
/** What the API server allows in a message. */
const messageLimit = 1_024;
/** Events whose count is remembered, so that saying them again takes one request. */
const countLimit = 4_096;

export interface EventRecorderOptions {
  readonly client: Client;
  /** Who says it: "groupsnap-snapshot-controller". */
  readonly component: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * An event's name is computed from what it says about whom, so saying it again, also after a restart, raises the count of
 * the one that is there.
 */
export function eventRecorder(options: EventRecorderOptions): EventRecorder {
  const { log, signal } = options;
  const queue: EventValue[] = [];
  const counts = new Map<string, number>();
  const quiet = new Set<() => void>();
  let writing = 0;
  let dropped = 0;

  const pump = () => {
    while (writing < writers && queue.length > 0 && !signal.aborted) {
      const event = queue.shift();
      if (event) void write(event);
    }
    if (writing === 0 && (queue.length === 0 || signal.aborted)) for (const resolve of quiet) resolve();
  };
  const write = async (event: EventValue) => {
    writing++;
    try {
      const { name, count } = await record(event, { ...options, counts });
      counts.delete(name);
      counts.set(name, count);
      const [oldest] = counts.keys();
      if (counts.size > countLimit && oldest !== undefined) counts.delete(oldest);
    } catch (error) {
      const { message } = failureOf(error);
      if (!signal.aborted)
        log.warn(
          { event: event.reason, name: event.regarding.metadata.name, error: message },
          "an event could not be written",
        );
    }
    writing--;
    pump();
  };

  return {
    say(event) {
      if (queue.length >= queueLimit) {
        if (dropped++ % queueLimit === 0)
          log.warn({ dropped }, "events are dropped: they come faster than they can be written");
        return;
      }
      queue.push(event);
      pump();
    },
    quiet: () =>
      new Promise((resolve) => {
        const done = () => {
          quiet.delete(done);
          resolve();
        };
        quiet.add(done);
        pump();
      }),
  };
}

type RecordDeps = EventRecorderOptions & { readonly counts: ReadonlyMap<string, number> };

/** Writes the event, or raises the count of the one that says the same. */
async function record(event: EventValue, deps: RecordDeps): Promise<{ readonly name: string; readonly count: number }> {
  const draft = draftOf(event, deps);
  const { name, namespace } = draft.metadata;
  const { client, signal, counts } = deps;
  const raise = async (count: number) => {
    const patch = { count, lastTimestamp: draft.lastTimestamp };
    await client.patch(events, { name, namespace }, { type: "merge", patch }, { signal });
    return { name, count };
  };
  try {
    const known = counts.get(name);
    if (known !== undefined) return await raise(known + 1);
  } catch (error) {
    if (!isFailure(error, "notFound")) throw error; // it ended with its time to live: said anew
  }
  try {
    await client.create(events, draft, { signal });
    return { name, count: 1 };
  } catch (error) {
    if (!isFailure(error, "exists")) throw error;
    const there = await client.get(events, { name, namespace }, { signal });
    return raise((there.count ?? 1) + 1);
  }
}

function draftOf(event: EventValue, deps: EventRecorderOptions) {
  const { regarding, type, reason } = event;
  const { name, namespace, uid, resourceVersion } = regarding.metadata;
  const text = sentence(event.message);
  const message = text.length > messageLimit ? `${text.slice(0, messageLimit - 1)}…` : text;
  const now = `${deps.clock.now().toISOString().slice(0, 19)}Z`;
  const said = fingerprint([deps.component, uid, type, reason, message]);
  return {
    apiVersion: "v1",
    kind: "Event",
    // A name of 253 characters is allowed; the hash tells apart what is cut off. kubectl shows events of one second by name.
    metadata: {
      name: `${name.slice(0, 220)}.${event.stage ?? lastStage}${hexOf(said)}`,
      namespace: namespace ?? "default",
    },
    involvedObject: {
      apiVersion: regarding.apiVersion,
      kind: regarding.kind,
      name,
      ...(namespace && { namespace }),
      uid,
      resourceVersion,
    },
    reason,
    message,
    type,
    source: { component: deps.component },
    reportingComponent: deps.component,
    reportingInstance: hostname().slice(0, 128),
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
}

/** Of events that are no stage of a life. */
const lastStage = 9;

/** Eight bytes of a fingerprint, in characters that a name may have. */
function hexOf(text: string): string {
  return Buffer.from(text, "base64url").subarray(0, 8).toString("hex");
}
