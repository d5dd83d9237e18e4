import type { KubeObject } from "../../kube/object.ts";

export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

export function hasAnnotation(object: KubeObject, annotation: string): boolean {
  return object.metadata.annotations?.[annotation] !== undefined;
}

export function isTerminating(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}
