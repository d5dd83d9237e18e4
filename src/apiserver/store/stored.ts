import { type Json, type JsonObject, parseJson, stringifyJson } from "../../lib/json.ts";

/** An object as it is shown: parsed, and as the bytes that go over the wire. */
export interface View {
  readonly object: JsonObject;
  readonly bytes: Buffer;
}

/** Where an object is within its collection; `namespace` is "" for cluster-scoped kinds. */
export interface Key {
  readonly namespace: string;
  readonly name: string;
}

/** What the server reads of any object's metadata. Parsed from what `admit` has accepted, so the shape holds. */
export interface Metadata {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly JsonObject[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly blockOwnerDeletion?: boolean;
}

/**
 * One version of one object, in the API version it is kept in. Serialized once: the same bytes go to disk, to lists and to
 * watchers. Never changed; views in other API versions are kept beside it as long as it is the current one.
 */
export class Stored implements View {
  readonly key: Key;
  readonly revision: number;
  readonly bytes: Buffer;
  #object: JsonObject | undefined;
  #superseded = false;
  #views: Map<unknown, View> | undefined;

  constructor(init: {
    readonly key: Key;
    readonly revision: number;
    readonly bytes: Buffer;
    readonly object?: JsonObject;
  }) {
    this.key = init.key;
    this.revision = init.revision;
    this.bytes = init.bytes;
    this.#object = init.object;
  }

  get object(): JsonObject {
    if (this.#object) return this.#object;
    const object = parseJson(this.bytes.toString("utf8")) as JsonObject; // we wrote it, and it was an object
    if (!this.#superseded) this.#object = object;
    return object;
  }

  get metadata(): Metadata {
    return metadataOf(this.object);
  }

  /** The view `make` yields, made once for each `as` while this is the current version. */
  view(as: unknown, make: () => JsonObject): View {
    const known = this.#views?.get(as);
    if (known) return known;
    const view = viewOf(make());
    if (!this.#superseded) {
      this.#views ??= new Map();
      this.#views.set(as, view);
    }
    return view;
  }

  /** A newer version took its place: only the bytes are kept, for as long as the watch window needs them. */
  supersede(): void {
    this.#superseded = true;
    this.#object = undefined;
    this.#views = undefined;
  }
}

export function viewOf(object: JsonObject): View {
  return { object, bytes: Buffer.from(stringifyJson(object)) };
}

export function metadataOf(object: JsonObject): Metadata {
  return object.metadata as unknown as Metadata; // admitted objects have their metadata checked
}

/** The object with its metadata replaced. */
export function withMetadata(object: JsonObject, metadata: Metadata): JsonObject {
  return { ...object, metadata: metadata as unknown as Json }; // plain data either way
}

/** The object with its status replaced, or taken away. */
export function withStatus(object: JsonObject, status: Json | undefined): JsonObject {
  const { status: _old, ...rest } = object;
  return status === undefined ? rest : { ...rest, status };
}
