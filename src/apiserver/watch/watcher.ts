import type { Status } from "../../kube/object.ts";
import type { Served } from "../registry.ts";
import type { Change } from "../store/collection.ts";
import { metadataOf, type Stored, type View, viewOf, withMetadata } from "../store/stored.ts";
import type { Selection } from "../verbs/selection.ts";

export type EventType = "ADDED" | "MODIFIED" | "DELETED";

/** Turns events into the bytes that one client asked for: whole objects, tables, metadata. */
export interface EventEncoder {
  event(type: EventType, view: View): Buffer;
  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): Buffer;
  error(status: Status): Buffer;
}

/** Where a watch's bytes go. */
export interface WatchSink {
  /** Bytes written and not yet taken by the client. */
  readonly waitingBytes: number;
  write(bytes: Buffer): void;
  /** Ends the answer in good order. */
  end(): void;
  /** Breaks the connection: the client is too slow to be told anything. */
  drop(): void;
}

export interface WatcherInit {
  readonly served: Served;
  readonly namespace: string | undefined;
  readonly selection: Selection;
  readonly encoder: EventEncoder;
  readonly sink: WatchSink;
  readonly bookmarks: boolean;
  /** Changes up to this revision are known to the client. */
  readonly revision: number;
}

/** A client further behind than this is cut off and lists anew; the memory is better used for those who keep up. */
const waitingLimitBytes = 16 << 20;

/** One client's watch: which changes it sees, as what, and how far it has come. */
export class Watcher {
  readonly served: Served;
  readonly #init: WatcherInit;
  #revision: number;
  /** What the client asked for at the start does not count against it. */
  #allowedBytes = waitingLimitBytes;

  constructor(init: WatcherInit) {
    this.served = init.served;
    this.#init = init;
    this.#revision = init.revision;
  }

  /** Sends what happened since the version the client named. */
  replay(changes: readonly Change[]): void {
    for (const { stored } of changes) this.#allowedBytes += stored.bytes.length;
    this.deliver(changes);
  }

  /** Sends what these changes mean to this client, in one write. */
  deliver(changes: readonly Change[]): void {
    const frames: Buffer[] = [];
    for (const change of changes) {
      const event = this.#eventOf(change);
      if (!event) continue;
      frames.push(this.#init.encoder.event(event.type, event.view));
      this.#revision = change.stored.revision;
    }
    this.#write(frames);
  }

  /** Sends objects that were there before the watch began. */
  deliverInitial(items: readonly Stored[]): void {
    const { encoder } = this.#init;
    const frames = items.map((stored) => encoder.event("ADDED", this.served.view(stored)));
    for (const frame of frames) this.#allowedBytes += frame.length;
    this.#write(frames);
  }

  deliverInitialEnd(): void {
    if (this.#init.bookmarks)
      this.#write([this.#init.encoder.bookmark(this.#revision, { "k8s.io/initial-events-end": "true" })]);
  }

  /** Tells how far the kind has come, if the client asked for that and does not know it yet. */
  bookmark(latest: number): void {
    if (!this.#init.bookmarks || latest <= this.#revision) return;
    this.#revision = latest;
    this.#write([this.#init.encoder.bookmark(latest)]);
  }

  fail(status: Status): void {
    this.#write([this.#init.encoder.error(status)]);
    this.end();
  }

  end(): void {
    this.#init.sink.end();
  }

  #write(frames: readonly Buffer[]): void {
    const [first] = frames;
    if (!first) return;
    const { sink } = this.#init;
    sink.write(frames.length === 1 ? first : Buffer.concat(frames));
    if (sink.waitingBytes > this.#allowedBytes) sink.drop();
  }

  #eventOf({ type, stored, previous }: Change): { readonly type: EventType; readonly view: View } | undefined {
    const { namespace, selection, revision } = this.#init;
    if (stored.revision <= revision) return undefined; // a watch may begin at a version that is yet to come
    if (namespace !== undefined && stored.key.namespace !== namespace) return undefined;
    const before = previous !== undefined && selection.has(previous);
    if (type === "DELETED") return before ? { type, view: this.served.view(stored) } : undefined;
    const now = selection.has(stored);
    if (now) return { type: before ? "MODIFIED" : "ADDED", view: this.served.view(stored) };
    return before ? { type: "DELETED", view: this.#leaving(previous, stored.revision) } : undefined;
  }

  /** What an object was before it left the selection, with the version of the change that took it out. */
  #leaving(previous: Stored, revision: number): View {
    const { object } = this.served.view(previous);
    return viewOf(withMetadata(object, { ...metadataOf(object), resourceVersion: String(revision) }));
  }
}
