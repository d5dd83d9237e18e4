import type { Clock } from "../../lib/clock.ts";
import { statusOf } from "../status.ts";
import type { Change } from "../store/collection.ts";
import type { Store } from "../store/store.ts";
import type { Watcher } from "./watcher.ts";

/** How often a watch that asked for bookmarks is told how far its kind has come. */
const bookmarkEveryMs = 60_000;
/** A last bookmark comes this long before a watch ends by its timeout, so that the next one starts close by. */
const lastBookmarkMs = 2000;

/** All open watches, by collection; each committed change goes to those it concerns. */
export class WatchHub {
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    store.onCommit((changes) => this.#deliver(changes));
  }

  get size(): number {
    let size = 0;
    for (const watchers of this.#watchers.values()) size += watchers.size;
    return size;
  }

  /** Keeps a watch informed until its client leaves, its time is over, or the server ends it. */
  async follow(watcher: Watcher, limits: { readonly timeoutMs: number; readonly left: AbortSignal }): Promise<void> {
    const { collection } = watcher.served;
    const watchers = this.#watchers.get(collection) ?? new Set();
    this.#watchers.set(collection, watchers.add(watcher));
    try {
      const untilBookmark = Math.max(limits.timeoutMs - lastBookmarkMs, 0);
      await this.#clock.sleep(untilBookmark, limits.left);
      watcher.bookmark(this.#store.collection(collection).latest);
      await this.#clock.sleep(limits.timeoutMs - untilBookmark, limits.left);
    } catch (error) {
      if (!limits.left.aborted) throw error; // the client left: nothing more to say to it
    } finally {
      watchers.delete(watcher);
      watcher.end();
    }
  }

  /** Ends the watches for which `isOver` holds: what they watch is no longer served. */
  end(isOver: (watcher: Watcher) => boolean): void {
    for (const watchers of this.#watchers.values())
      for (const watcher of watchers)
        if (isOver(watcher)) {
          watchers.delete(watcher);
          watcher.end();
        }
  }

  /** Sends the regular bookmarks until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(bookmarkEveryMs, signal).catch(() => undefined); // aborted: the loop ends
      if (signal.aborted) return;
      for (const [collection, watchers] of this.#watchers) {
        const { latest } = this.#store.collection(collection);
        for (const watcher of watchers) watcher.bookmark(latest);
      }
    }
  }

  #deliver(changes: readonly Change[]): void {
    for (const [collection, own] of byCollection(changes))
      for (const watcher of this.#watchers.get(collection) ?? []) this.#deliverTo(watcher, own);
  }

  /** What one client asked for may not be possible, such as a version that an object cannot be converted to: its watch ends. */
  #deliverTo(watcher: Watcher, changes: readonly Change[]): void {
    try {
      watcher.deliver(changes);
    } catch (error) {
      this.#watchers.get(watcher.served.collection)?.delete(watcher);
      watcher.fail(statusOf(error));
    }
  }
}

function byCollection(changes: readonly Change[]): ReadonlyMap<string, readonly Change[]> {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const group = groups.get(change.collection);
    if (group) group.push(change);
    else groups.set(change.collection, [change]);
  }
  return groups;
}
