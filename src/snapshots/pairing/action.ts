import type { ActContext } from "../../kube/controller/controller.ts";
import type { Draft, KubeObject, Resource } from "../../kube/object.ts";
import { type Change, changeObject, deleteObject, ensureObject, patchStatus } from "../../kube/writes.ts";

/** What decisions about API objects ask for; `group/` and `single/` add their own actions beside these. */
export type ObjectAction =
  /** Makes the object under a name that is computed from `ownerUid`. One that is there already must be that owner's. */
  | { readonly do: "create"; readonly resource: Resource; readonly draft: NamedDraft; readonly ownerUid: string }
  /** Changes metadata and spec, in one patch. */
  | { readonly do: "change"; readonly resource: Resource; readonly object: KubeObject; readonly change: Change }
  /** Replaces the status, if the object is still as it was read. */
  | { readonly do: "writeStatus"; readonly resource: Resource; readonly object: KubeObject; readonly status: object }
  /** Replaces the named fields of the status, whatever else has changed; for the one process that writes this status. */
  | { readonly do: "patchStatus"; readonly resource: Resource; readonly object: KubeObject; readonly status: object }
  /** Deletes this very object; that it is gone already is fine. */
  | { readonly do: "delete"; readonly resource: Resource; readonly object: KubeObject };

type NamedDraft = Draft<KubeObject> & { readonly metadata: { readonly name: string } };

/** Performs one of them. */
export async function actOn(action: ObjectAction, context: ActContext): Promise<void> {
  const { client, signal } = context;
  switch (action.do) {
    case "create": {
      const isOurs = (found: KubeObject) => ownersOf(found).includes(action.ownerUid);
      return ensureObject(action.resource, { draft: action.draft, isOurs }, context);
    }
    case "change":
      return changeObject(action.resource, action.object, action.change, context);
    case "writeStatus": {
      const object: KubeObject & { readonly status: object } = { ...action.object, status: action.status };
      await client.updateStatus(action.resource, object, { signal });
      return;
    }
    case "patchStatus":
      return patchStatus(action.resource, action.object, action.status, context);
    case "delete":
      return deleteObject(action.resource, action.object, context);
  }
}

/** The uids of all objects that this one was made for: its owners, and the request that a content is bound to. */
function ownersOf(object: KubeObject): readonly string[] {
  const { spec } = object as KubeObject & { readonly spec?: References }; // contents alone have these references
  const references = [
    spec?.volumeSnapshotRef,
    spec?.volumeGroupSnapshotRef,
    ...(object.metadata.ownerReferences ?? []),
  ];
  return references.flatMap((reference) => (reference?.uid ? [reference.uid] : []));
}

interface References {
  readonly volumeSnapshotRef?: { readonly uid?: string };
  readonly volumeGroupSnapshotRef?: { readonly uid?: string };
}
