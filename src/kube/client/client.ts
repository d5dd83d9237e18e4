import type { Json } from "../../lib/json.ts";
import type { At, Draft, KubeObject, ObjectMeta, Resource } from "../object.ts";

/**
 * A Kubernetes API, typed. Every call takes a signal; every failure is a `Failure` whose `details` is the server's Status
 * where there was one: notFound (404), exists (409 AlreadyExists), conflict (409 Conflict), invalid (400, 422),
 * forbidden, unauthenticated, expired (410), exhausted (429, with retryAfterMs), timeout (504), unavailable (503, no
 * connection, or an object of a kind that is not served), tooLarge (413).
 */
export interface Client {
  /** @throws Failure "notFound" */
  get<T extends KubeObject>(resource: Resource<T>, at: At, call: Call): Promise<T>;
  /** Like get, but undefined where there is no such object. */
  find<T extends KubeObject>(resource: Resource<T>, at: At, call: Call): Promise<T | undefined>;
  /** The whole list, read in pages of 500 at one version. */
  list<T extends KubeObject>(resource: Resource<T>, call: ListCall): Promise<List<T>>;
  /** @throws Failure "exists" if the name is taken */
  create<T extends KubeObject>(resource: Resource<T>, draft: Draft<T>, call: Call): Promise<T>;
  /** Replaces spec and metadata. @throws Failure "conflict" if the object is newer than `object` */
  update<T extends KubeObject>(resource: Resource<T>, object: T, call: Call): Promise<T>;
  /** Replaces the status, on `/status`. @throws Failure "conflict" if the object is newer than `object` */
  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T, call: Call): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, at: At, patch: Patch, call: PatchCall): Promise<T>;
  /** Undefined when the object was gone already. @throws Failure "conflict" if a precondition does not hold */
  delete<T extends KubeObject>(resource: Resource<T>, at: At, call: DeleteCall): Promise<T | undefined>;
  /** Ends when the server ends the watch; throws when it cannot be opened or breaks. */
  watch<T extends KubeObject>(resource: Resource<T>, call: WatchCall): AsyncIterable<WatchEvent<T>>;
  /** Any other path of the API, such as "/version" or "/apis". */
  raw(request: RawRequest): Promise<Json>;
}

export interface Call {
  readonly signal: AbortSignal;
}

export interface ListCall extends Call {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface List<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export interface PatchCall extends Call {
  readonly subresource?: "status";
}

export interface DeleteCall extends Call {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagation?: "Background" | "Foreground" | "Orphan";
  /** Told the uid of what is gone now: the server's answer carries it, but not always the object. */
  readonly gone?: (uid: string) => void;
}

export interface WatchCall extends ListCall {
  readonly resourceVersion: string;
  /** The server ends the watch after this long. */
  readonly timeoutSeconds?: number;
}

/** A JSON Patch (RFC 6902) or a merge patch (RFC 7386). */
export type Patch =
  | { readonly type: "json"; readonly operations: readonly JsonPatchOperation[] }
  | { readonly type: "merge"; readonly patch: object };

export type JsonPatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | {
      readonly type: "BOOKMARK";
      readonly object: { readonly metadata: Pick<ObjectMeta, "resourceVersion" | "annotations"> };
    };

export interface RawRequest extends Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: Json;
  /** Of the body, where it is not plain JSON: `application/apply-patch+yaml` for server-side apply. */
  readonly contentType?: string;
}
