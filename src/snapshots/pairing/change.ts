import type { Patch } from "../../kube/client/client.ts";
import type { KubeObject } from "../../kube/object.ts";

/** What is to be different in an object's metadata and spec. */
export interface Change {
  readonly addFinalizers?: readonly string[];
  readonly removeFinalizers?: readonly string[];
  /** `null` takes the annotation off. */
  readonly annotations?: Readonly<Record<string, string | null>>;
  /** `null` takes the label off. */
  readonly labels?: Readonly<Record<string, string | null>>;
  /** Merged into the spec. */
  readonly spec?: object;
}

export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

export function hasAnnotation(object: KubeObject, annotation: string): boolean {
  return object.metadata.annotations?.[annotation] !== undefined;
}

export function isTerminating(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/**
 * The patch that makes the change. Finalizers are a list, which a merge patch replaces whole, so such a patch carries the
 * version the list was read at; the server answers "conflict" if the object has changed since. So does one of the spec.
 */
export function patchOf(object: KubeObject, change: Change): Patch {
  const finalizers = finalizersAfter(object, change);
  const guarded = finalizers !== undefined || change.spec !== undefined;
  const metadata = {
    uid: object.metadata.uid,
    ...(guarded && { resourceVersion: object.metadata.resourceVersion }),
    ...(finalizers && { finalizers }),
    ...(change.annotations && { annotations: change.annotations }),
    ...(change.labels && { labels: change.labels }),
  };
  return { type: "merge", patch: { metadata, ...(change.spec && { spec: change.spec }) } };
}

function finalizersAfter(object: KubeObject, change: Change): readonly string[] | undefined {
  if (!change.addFinalizers?.length && !change.removeFinalizers?.length) return undefined;
  const left = (object.metadata.finalizers ?? []).filter((finalizer) => !change.removeFinalizers?.includes(finalizer));
  return [...new Set([...left, ...(change.addFinalizers ?? [])])];
}
