import type { KubeObject, Resource } from "../object.ts";

/**
 * Every object of one kind, kept current by list and watch. Objects are shared: never change one in place.
 * Keys are `keyOf(object.metadata)`.
 */
export interface Cache<T extends KubeObject> {
  get(key: string): T | undefined;
  list(namespace?: string): readonly T[];
  /** The objects that the index `name` files under `value`. @throws Error if there is no such index */
  by(name: string, value: string): readonly T[];
  /** Called after the cache holds the change. Returns the way to unsubscribe. */
  onChange(listener: (change: Change<T>) => void): () => void;
  /** Keeps the cache current until the signal is aborted. Trouble with the API is retried, not thrown. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the first list has been read. */
  synced(signal: AbortSignal): Promise<void>;
  /** Why the cache cannot be filled now (its kind is not served, no permission), or undefined while it is healthy. */
  readonly trouble: string | undefined;
  /** The trouble, where it is that the kind is not served: what the cache holds is not to be taken for what there is. */
  readonly unserved: string | undefined;
  /** Resolves when the cache has seen what a write did. Versions compare as integers. */
  hasSeen(write: Write, signal: AbortSignal): Promise<void>;
  /** True when a write to this object of this resource, in whatever version, will show up here. */
  sees(resource: Resource, key: string): boolean;
}

/** What one of our own writes did to an object: it reached `resourceVersion`, or the object with this uid is gone. */
export type Write =
  | { readonly key: string; readonly resourceVersion: string }
  | { readonly key: string; readonly goneUid: string };

export type Change<T> =
  | { readonly type: "added"; readonly object: T }
  | { readonly type: "updated"; readonly object: T; readonly old: T }
  | { readonly type: "removed"; readonly object: T };

/** Index name to the values an object is filed under. */
export type Indexes<T> = Readonly<Record<string, (object: T) => readonly string[]>>;
