import type { JsonObject } from "../../lib/json.ts";
import { type Comparison, compareObjects, ignoring } from "../fields/compare.ts";
import { emptySet, type FieldSet } from "../fields/set.ts";
import type { Shape } from "../fields/shape.ts";

/** A kind in one version of it, as ownership sees it. */
export interface Version {
  readonly shape: Shape;
  /** What writes through this version and endpoint do not reach: the status, or all but the status. */
  readonly ignored: FieldSet;
  /** An object of the version of the write, in this version. */
  convert(object: JsonObject): JsonObject;
  /** The way back. */
  restore(object: JsonObject): JsonObject;
}

/** The versions of a kind, seen from the one that is being written. */
export interface Versions {
  readonly apiVersion: string;
  readonly current: Version;
  /** Undefined for a version that is no longer served: nobody owns anything in it. */
  find(apiVersion: string): Version | undefined;
}

/** What a write changes, in whatever version; compared once for each. */
export class Differences {
  readonly #versions: Versions;
  readonly #before: JsonObject;
  readonly #after: JsonObject;
  readonly #known = new Map<string, Comparison | undefined>();

  constructor(versions: Versions, before: JsonObject, after: JsonObject) {
    this.#versions = versions;
    this.#before = before;
    this.#after = after;
  }

  /** Undefined for a version that is no longer served. */
  in(apiVersion: string): Comparison | undefined {
    if (this.#known.has(apiVersion)) return this.#known.get(apiVersion);
    const version = this.#versions.find(apiVersion);
    const found = version && this.#compare(version);
    this.#known.set(apiVersion, found);
    return found;
  }

  #compare({ shape, ignored, convert }: Version): Comparison {
    return ignoring(compareObjects(convert(this.#before), convert(this.#after), shape), ignored);
  }
}

/** What is an object's own and nobody's to manage. */
export const unmanaged: FieldSet = {
  "f:apiVersion": emptySet,
  "f:kind": emptySet,
  "f:metadata": {
    ".": emptySet,
    "f:name": emptySet,
    "f:namespace": emptySet,
    "f:creationTimestamp": emptySet,
    "f:selfLink": emptySet,
    "f:uid": emptySet,
    "f:clusterName": emptySet,
    "f:generation": emptySet,
    "f:managedFields": emptySet,
    "f:resourceVersion": emptySet,
  },
};
