import type { Key, Stored } from "./stored.ts";

/** What one committed write did. */
export interface Change {
  readonly collection: string;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  /** The object after the write; for DELETED its last state, with the revision of the deletion. */
  readonly stored: Stored;
  readonly previous: Stored | undefined;
}

interface Bucket {
  readonly items: Map<string, Stored>;
  /** Names in order; absent after a name came or went. */
  sorted: readonly string[] | undefined;
}

/** The current objects of one resource, whatever API version they are asked for in, and its latest changes. */
export class Collection {
  readonly id: string;
  readonly #buckets = new Map<string, Bucket>();
  #namespaces: readonly string[] | undefined;
  /** Committed changes that are still in the window, oldest first. */
  readonly #changes: Change[] = [];
  #forgotten = 0;
  /** Changes up to this revision are no longer known one by one. */
  trimmedTo: number;
  size = 0;

  constructor(id: string, trimmedTo: number) {
    this.id = id;
    this.trimmedTo = trimmedTo;
  }

  get(key: Key): Stored | undefined {
    return this.#buckets.get(key.namespace)?.items.get(key.name);
  }

  set(stored: Stored): void {
    const bucket = this.#bucket(stored.key.namespace);
    if (!bucket.items.has(stored.key.name)) {
      bucket.sorted = undefined;
      this.size++;
    }
    bucket.items.set(stored.key.name, stored);
  }

  delete(key: Key): void {
    const bucket = this.#buckets.get(key.namespace);
    if (!bucket?.items.delete(key.name)) return;
    bucket.sorted = undefined;
    this.size--;
    if (bucket.items.size > 0) return;
    this.#buckets.delete(key.namespace);
    this.#namespaces = undefined;
  }

  /** All current objects, or those of one namespace, in the order of namespace and name. */
  list(namespace?: string): Stored[] {
    const found: Stored[] = [];
    if (namespace !== undefined) this.#addBucket(namespace, found);
    else {
      this.#namespaces ??= [...this.#buckets.keys()].sort();
      for (const name of this.#namespaces) this.#addBucket(name, found);
    }
    return found;
  }

  /** What `list` was right after `revision`: the newer changes undone. The caller checks that the window reaches so far. */
  listAt(revision: number, namespace?: string): Stored[] {
    const changes = this.changesAfter(revision);
    if (changes.length === 0) return this.list(namespace);
    const past = new Collection(this.id, 0);
    for (const stored of this.list(namespace)) past.set(stored);
    for (const change of changes.reverse()) {
      if (namespace !== undefined && change.stored.key.namespace !== namespace) continue;
      if (change.previous) past.set(change.previous);
      else past.delete(change.stored.key);
    }
    return past.list(namespace);
  }

  /** The revision of the latest change, or of what was forgotten. */
  get latest(): number {
    return this.#changes.at(-1)?.stored.revision ?? this.trimmedTo;
  }

  record(change: Change): void {
    this.#changes.push(change);
  }

  /** Lets go of the oldest change. */
  forgetOldest(): void {
    const change = this.#changes[this.#forgotten];
    if (!change) return;
    this.trimmedTo = change.stored.revision;
    this.#forgotten++;
    if (this.#forgotten * 2 < this.#changes.length) return;
    this.#changes.splice(0, this.#forgotten);
    this.#forgotten = 0;
  }

  /** The changes after `revision`, oldest first. */
  changesAfter(revision: number): Change[] {
    let low = this.#forgotten;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.stored.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#changes.slice(low);
  }

  #bucket(namespace: string): Bucket {
    const known = this.#buckets.get(namespace);
    if (known) return known;
    const bucket: Bucket = { items: new Map(), sorted: undefined };
    this.#buckets.set(namespace, bucket);
    this.#namespaces = undefined;
    return bucket;
  }

  #addBucket(namespace: string, found: Stored[]): void {
    const bucket = this.#buckets.get(namespace);
    if (!bucket) return;
    bucket.sorted ??= [...bucket.items.keys()].sort();
    for (const name of bucket.sorted) {
      const stored = bucket.items.get(name);
      if (stored) found.push(stored);
    }
  }
}
