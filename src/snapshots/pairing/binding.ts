import type { ObjectReference } from "../../api/snapshot/types.ts";
import type { KubeObject } from "../../kube/object.ts";

/** How a content stands to a request: its own, free to be bound to it, or somebody else's, and why. */
export type Binding =
  | { readonly is: "bound" }
  | { readonly is: "free" }
  | { readonly is: "foreign"; readonly why: string };

/**
 * Checks that a content's reference means this very request, by namespace, name and uid. A reference without uid was
 * written by hand: it is free for the request that it names.
 *
 * @param reference the content's volumeSnapshotRef or volumeGroupSnapshotRef
 */
export function bindingOf(request: KubeObject, content: KubeObject, reference: ObjectReference): Binding {
  const { namespace, name, uid } = request.metadata;
  const belongs = `${content.kind} ${content.metadata.name} belongs to`;
  if (reference.namespace !== namespace || reference.name !== name)
    return { is: "foreign", why: `${belongs} ${reference.namespace}/${reference.name}, not to ${namespace}/${name}` };
  if (!reference.uid) return { is: "free" };
  if (reference.uid === uid) return { is: "bound" };
  return {
    is: "foreign",
    why: `${belongs} another ${request.kind} that was called ${namespace}/${name} (uid ${reference.uid}), not to this one`,
  };
}

/** The reference that binds a content to its request. */
export function referenceTo(request: KubeObject): ObjectReference {
  const { namespace, name, uid } = request.metadata;
  return {
    apiVersion: request.apiVersion,
    kind: request.kind,
    ...(namespace !== undefined && { namespace }),
    name,
    uid,
  };
}
