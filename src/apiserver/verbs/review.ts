import type { JsonObject } from "../../lib/json.ts";
import type { Subresource, Target } from "./verb.ts";

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
