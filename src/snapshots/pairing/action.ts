import type { ActContext } from "../../kube/controller/controller.ts";
import type { Draft, KubeObject, Resource } from "../../kube/object.ts";
import { Failure, isFailure } from "../../lib/failure.ts";
import { type Change, patchOf } from "./change.ts";

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
    case "create":
      return create(action, context);
    case "change":
      await client.patch(action.resource, action.object.metadata, patchOf(action.object, action.change), { signal });
      return;
    case "writeStatus": {
      const object: KubeObject & { readonly status: object } = { ...action.object, status: action.status };
      await client.updateStatus(action.resource, object, { signal });
      return;
    }
    case "patchStatus": {
      const patch = { type: "merge", patch: { status: action.status } } as const;
      await client.patch(action.resource, action.object.metadata, patch, { signal, subresource: "status" });
      return;
    }
    case "delete":
      await remove(action, context);
      return;
  }
}

async function create(action: ObjectAction & { do: "create" }, { client, signal }: ActContext): Promise<void> {
  try {
    await client.create(action.resource, action.draft, { signal });
  } catch (error) {
    if (!isFailure(error, "exists")) throw error;
    const existing = await client.find(action.resource, action.draft.metadata, { signal });
    if (existing && ownersOf(existing).includes(action.ownerUid)) return;
    const { kind, metadata } = action.draft;
    const whose = existing ? `belongs to ${ownersOf(existing).join(", ") || "nobody"}` : "was deleted just now";
    throw new Failure(
      "exists",
      `cannot create ${kind} ${metadata.name} for uid ${action.ownerUid}: an object with this name ${whose}; delete it if it is a leftover`,
      { cause: error },
    );
  }
}

async function remove(action: ObjectAction & { do: "delete" }, { client, signal }: ActContext): Promise<void> {
  const { metadata } = action.object;
  try {
    await client.delete(action.resource, metadata, { signal, uid: metadata.uid });
  } catch (error) {
    // Another object has the name by now: the one that was meant is gone.
    if (!isFailure(error, "conflict")) throw error;
    const existing = await client.find(action.resource, metadata, { signal });
    if (existing?.metadata.uid === metadata.uid) throw error;
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
