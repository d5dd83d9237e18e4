import { assert } from "../../lib/assert.ts";
import { failureOf, isFailure } from "../../lib/failure.ts";
import { type JsonObject, stringifyJson } from "../../lib/json.ts";
import { type Change, Collection } from "./collection.ts";
import type { RevisionLog } from "./log.ts";
import { type Key, metadataOf, Stored, withMetadata } from "./stored.ts";

/**
 * Every object of the API, in memory, with a log on disk.
 *
 * - A write is decided and applied in memory at once, so decisions never race; it becomes durable with all other writes of
 *   the same turn of the event loop, in one transaction.
 * - Nobody outside hears of a write before it is durable: every answer waits for `settled()` after its last read, and
 *   `onCommit` listeners (watches, garbage collection) are called after the commit.
 * - If the commit fails, memory goes back to what it was before that turn, and everyone who waits is told why.
 * - A revision is given once, is never reused after it was seen, and orders all writes of all kinds.
 */
export interface Store {
  /** The revision of the latest write, durable or about to be. */
  readonly revision: number;
  collection(id: string): Collection;
  collections(): Iterable<Collection>;
  /** Writes an object given in the version it is kept in; its resourceVersion is filled in. */
  put(collection: string, object: JsonObject): Stored;
  /** Removes an object; `last` is what watchers are told it was. */
  remove(collection: string, last: JsonObject): Stored;
  /** Resolves when everything written so far is durable. @throws Failure if it could not be made so */
  settled(): Promise<void>;
  /** Reads at a moment at which no write is on its way to the disk: what it sees is durable, and was told to listeners. */
  whenQuiet<T>(read: () => T | Promise<T>): Promise<T>;
  onCommit(listener: (changes: readonly Change[]) => void): void;
  /** Commits what is left and closes the log. */
  close(): void;
}

/** How much of the past is kept for watches and for pages of lists. Whoever fell further behind starts over from a list. */
export interface Window {
  readonly changes: number;
  readonly bytes: number;
}

/** A quarter of a minute of the fastest writes; hours of usual ones. The bytes are what a laptop can spare. */
const defaultWindow: Window = { changes: 20_000, bytes: 32 << 20 };
/** Rows are dropped from the log in lots of this size: small enough to stall nobody. */
const compactionLot = 256;

/** Reads the log and goes on from its last revision. */
export function openStore(log: RevisionLog, window: Window = defaultWindow): Store {
  return new MemoryStore(log, window);
}

interface Batch {
  readonly changes: Change[];
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

class MemoryStore implements Store {
  revision = 0;
  readonly #log: RevisionLog;
  readonly #limits: Window;
  readonly #collections = new Map<string, Collection>();
  readonly #window: Change[] = [];
  #windowStart = 0;
  #windowBytes = 0;
  readonly #dead: number[] = [];
  readonly #listeners: ((changes: readonly Change[]) => void)[] = [];
  #batch: Batch | undefined;
  #closed = false;

  constructor(log: RevisionLog, limits: Window) {
    this.#log = log;
    this.#limits = limits;
    this.#load();
  }

  collection(id: string): Collection {
    const known = this.#collections.get(id);
    if (known) return known;
    const collection = new Collection(id, this.#log.compactedTo);
    this.#collections.set(id, collection);
    return collection;
  }

  collections(): Iterable<Collection> {
    return this.#collections.values();
  }

  put(collection: string, object: JsonObject): Stored {
    const stored = this.#version(object);
    const previous = this.collection(collection).get(stored.key);
    this.#apply({ collection, type: previous ? "MODIFIED" : "ADDED", stored, previous });
    return stored;
  }

  remove(collection: string, last: JsonObject): Stored {
    const stored = this.#version(last);
    const previous = this.collection(collection).get(stored.key);
    assert(previous, `${collection} ${stored.key.name} exists when it is removed`);
    this.#apply({ collection, type: "DELETED", stored, previous });
    return stored;
  }

  settled(): Promise<void> {
    return this.#batch?.done ?? Promise.resolve();
  }

  async whenQuiet<T>(read: () => T | Promise<T>): Promise<T> {
    while (this.#batch) await this.#batch.done.catch(() => undefined); // whoever wrote is told
    return read();
  }

  onCommit(listener: (changes: readonly Change[]) => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#commit();
    this.#closed = true;
    this.#log.close();
  }

  #version(object: JsonObject): Stored {
    const revision = this.revision + 1;
    const metadata = { ...metadataOf(object), resourceVersion: String(revision) };
    const versioned = withMetadata(object, metadata);
    const key: Key = { namespace: metadata.namespace ?? "", name: metadata.name };
    return new Stored({ key, revision, bytes: Buffer.from(stringifyJson(versioned)), object: versioned });
  }

  #apply(change: Change): void {
    assert(!this.#closed, "nothing is written after the store was closed");
    this.revision = change.stored.revision;
    const collection = this.collection(change.collection);
    if (change.type === "DELETED") collection.delete(change.stored.key);
    else collection.set(change.stored);
    this.#batch ??= this.#newBatch();
    this.#batch.changes.push(change);
  }

  #newBatch(): Batch {
    setImmediate(() => this.#commit());
    const { promise: done, resolve, reject } = deferred();
    done.catch(() => undefined); // whoever waits is told; a write that nobody waits for is undone all the same
    return { changes: [], done, resolve, reject };
  }

  #commit(): void {
    const batch = this.#batch;
    if (!batch || this.#closed) return;
    this.#batch = undefined;
    try {
      this.#log.append(batch.changes);
    } catch (error) {
      this.#undo(batch.changes);
      batch.reject(failureOf(error));
      return;
    }
    for (const change of batch.changes) this.#record(change);
    for (const listener of this.#listeners) listener(batch.changes);
    for (const change of batch.changes) change.previous?.supersede();
    this.#trim();
    batch.resolve();
  }

  #undo(changes: readonly Change[]): void {
    for (const change of changes.toReversed()) {
      const collection = this.collection(change.collection);
      if (change.previous) collection.set(change.previous);
      else collection.delete(change.stored.key);
      this.revision = change.stored.revision - 1;
    }
  }

  #record(change: Change): void {
    this.collection(change.collection).record(change);
    this.#window.push(change);
    this.#windowBytes += change.stored.bytes.length;
  }

  #trim(): void {
    const { changes, bytes } = this.#limits;
    while (this.#window.length - this.#windowStart > changes || this.#windowBytes > bytes) {
      const oldest = this.#window[this.#windowStart];
      if (!oldest || this.#windowStart === this.#window.length - 1) break; // the last revision is always kept
      this.#windowStart++;
      this.#windowBytes -= oldest.stored.bytes.length;
      this.collection(oldest.collection).forgetOldest();
      if (oldest.previous) this.#dead.push(oldest.previous.revision);
      if (oldest.type === "DELETED") this.#dead.push(oldest.stored.revision);
      if (this.#dead.length >= compactionLot) this.#compact(oldest.stored.revision);
    }
    if (this.#windowStart * 2 <= this.#window.length) return;
    this.#window.splice(0, this.#windowStart);
    this.#windowStart = 0;
  }

  #compact(compactedTo: number): void {
    const lot = this.#dead.splice(0);
    try {
      this.#log.compact(lot, compactedTo);
    } catch (error) {
      if (!isFailure(error, "exhausted", "busy")) throw error;
      this.#dead.unshift(...lot); // no room even to delete: the next lot takes these along
    }
  }

  #load(): void {
    const { compactedTo } = this.#log;
    for (const row of this.#log.rows()) {
      const key: Key = { namespace: row.namespace, name: row.name };
      const stored = new Stored({ key, revision: row.revision, bytes: Buffer.from(row.object) });
      const collection = this.collection(row.collection);
      const previous = collection.get(key);
      const type = row.deleted ? "DELETED" : previous ? "MODIFIED" : "ADDED";
      if (row.deleted) collection.delete(key);
      else collection.set(stored);
      previous?.supersede();
      this.revision = row.revision;
      if (row.revision > compactedTo) this.#record({ collection: row.collection, type, stored, previous });
    }
    this.#trim();
  }
}

function deferred(): {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
} {
  let resolve: () => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
