import type { Clock } from "../../lib/clock.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { Random } from "../../lib/random.ts";
import type { FieldError, Kind } from "../kinds/kind.ts";
import type { Registry, Served } from "../registry.ts";
import type { Store } from "../store/store.ts";
import type { Key, View } from "../store/stored.ts";

/** What every verb works on. Verbs are synchronous: between reading and writing, nobody else can write. */
export interface Api {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  /** What belongs to one resource beyond its schema, by collection: namespaces, custom resource definitions. */
  readonly rules: ReadonlyMap<string, ResourceRules>;
}

/** The part of a resource's life that its Kind cannot say, because it depends on other objects. */
export interface ResourceRules {
  /** Reasons to refuse what is about to be written; called once the schema has no complaint. */
  check?(object: JsonObject, write: RuledWrite): readonly FieldError[];
  /** Completes what is about to be written. */
  complete?(object: JsonObject, write: RuledWrite): JsonObject;
  /** Changes an object when its deletion begins. */
  beginDeletion?(object: JsonObject): JsonObject;
  /** True while an object must stay although its finalizers are gone. */
  holds?(object: JsonObject): boolean;
  /** @throws Failure for an object that may not be deleted */
  checkDeletion?(object: JsonObject): void;
}

export interface RuledWrite {
  /** What is stored now; absent on create. */
  readonly old: JsonObject | undefined;
  readonly subresource: Subresource | undefined;
}

export type Subresource = "status" | "finalize" | "scale";

/** One resource, or one object of it, as a request names it. */
export interface Target {
  readonly served: Served;
  /** Absent for cluster-scoped kinds, and for requests across all namespaces. */
  readonly namespace?: string;
}

export interface ObjectTarget extends Target {
  readonly name: string;
  readonly subresource?: Subresource;
}

export const keyOfTarget = (target: ObjectTarget): Key => ({ namespace: target.namespace ?? "", name: target.name });

export interface WriteOptions {
  readonly dryRun: boolean;
  /** What to do about fields that the schema does not know. */
  readonly fieldValidation: "Strict" | "Warn" | "Ignore";
  /** Who owns the fields that the write sets. */
  readonly manager: string;
  /** What the client said twice, in words for a warning. */
  readonly duplicates?: readonly string[];
  /** Absent for writes of the server itself. */
  readonly review?: Review;
  /** Called before an apply creates what is not there yet. @throws Failure "forbidden" */
  readonly demandCreate?: () => void;
}

/** A write that somebody looks at before it is done. */
export interface ReviewedWrite {
  readonly target: Target;
  /** What is to be stored; absent when it is to be deleted. */
  readonly object?: JsonObject;
  /** What is stored now; absent on create. */
  readonly old?: JsonObject;
  readonly subresource?: Subresource | undefined;
}

/**
 * Looks at every write of one request: what admission is in Kubernetes. Verbs are synchronous, so a review that has to ask
 * somebody else throws, asks, and has the verb called again.
 */
export interface Review {
  /** What is to be stored in place of the object that the client sent. Called before it is judged. */
  changed(write: ReviewedWrite & { readonly object: JsonObject }): JsonObject;
  /** Called last, for what would be stored. @throws Failure for a write that must not be */
  check(write: ReviewedWrite): void;
}

/** What a write is answered with. */
export interface Written {
  readonly code: 200 | 201;
  readonly view: View;
  readonly warnings: readonly string[];
}

/** For writes of the server itself: it knows the schema. Its name is the one that clients know it by. */
export const internalWrite: WriteOptions = { dryRun: false, fieldValidation: "Ignore", manager: "kube-apiserver" };

/** RFC 3339 to the second, as Kubernetes writes times in metadata. */
export const timestamp = (date: Date) => `${date.toISOString().slice(0, 19)}Z`;

export const apiVersionOf = (kind: Pick<Kind, "group" | "version">) =>
  kind.group ? `${kind.group}/${kind.version}` : kind.version;
