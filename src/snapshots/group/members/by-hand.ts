import { beingDeleted, memberGroupHandle, yes } from "../../../api/annotations.ts";
import { contentFinalizer, memberFinalizer, snapshotFinalizers } from "../../../api/finalizers.ts";
import type { GroupSnapshot } from "../../../api/group-snapshot/types.ts";
import type { SnapshotHandle } from "../../../api/handles.ts";
import { contents, snapshots } from "../../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotContent } from "../../../api/snapshot/types.ts";
import { again, type Plan } from "../../../kube/controller/plan.ts";
import type { KubeObject, Resource } from "../../../kube/object.ts";
import type { Change } from "../../../kube/writes.ts";
import type { ObjectAction } from "../../pairing/action.ts";
import { byGroup, type SnapshotCaches } from "../../pairing/caches.ts";
import { hasFinalizer, isTerminating } from "../../pairing/change.ts";
import { restoresOf } from "../../pairing/restore.ts";
import type { Member } from "./member.ts";

/** A member that somebody added by hand, and what the group made for the same snapshot on the storage. */
export interface Added {
  readonly snapshot: Snapshot;
  readonly made: { readonly snapshot: Snapshot | undefined; readonly content: SnapshotContent | undefined };
}

type Caches = Pick<SnapshotCaches, "snapshots" | "contents" | "claims">;

/**
 * The member that somebody added for this handle: a snapshot with the group as owner, which names a content that is not
 * the group's own making. So groups are brought where nothing makes their members.
 */
export function addedFor(
  handle: SnapshotHandle,
  group: GroupSnapshot,
  caches: Caches,
): (Pick<Member, "names" | "content"> & { readonly snapshot: Snapshot }) | undefined {
  for (const snapshot of caches.snapshots.by(byGroup, group.metadata.uid)) {
    const content = caches.contents.get(snapshot.spec.source.volumeSnapshotContentName ?? "");
    if (!content || isTerminating(snapshot) || isTerminating(content)) continue;
    if (content.metadata.annotations?.[memberGroupHandle] !== undefined) continue;
    if (content.spec.source.snapshotHandle !== handle) continue;
    return { names: { snapshot: snapshot.metadata.name, content: content.metadata.name }, snapshot, content };
  }
  return undefined;
}

/** What of the group's own making may go: not while a claim is being restored from it. */
export function goingOf(made: Added["made"], { claims }: Pick<Caches, "claims">): Added["made"] {
  const isNeeded = made.snapshot && restoresOf(made.snapshot, claims).length > 0;
  return isNeeded ? { snapshot: undefined, content: undefined } : made;
}

/**
 * Takes in what was added, so that it goes with its group. What the group made gives way to it, and nothing changes on the
 * storage: the content is to retain it, whoever looks at it on its way out.
 */
export function takeIn(added: readonly Added[]): Plan<ObjectAction> | undefined {
  const fresh = added.flatMap(({ snapshot }) => (hasFinalizer(snapshot, memberFinalizer) ? [] : [snapshot]));
  const made = added.flatMap(({ made: { snapshot } }) => snapshot ?? []);
  const theirs = added.flatMap(({ made: { content } }) => content ?? []);
  const ofContent = {
    removeFinalizers: [contentFinalizer],
    annotations: { [beingDeleted]: yes },
    spec: { deletionPolicy: "Retain" },
  };
  const steps = [
    changes(snapshots, fresh, { addFinalizers: snapshotFinalizers }),
    changes(snapshots, made, { removeFinalizers: snapshotFinalizers }),
    deletions(snapshots, made),
    changes(contents, theirs, ofContent), // after the snapshots: none is ever seen without its content
    deletions(contents, theirs),
  ].filter((step) => step.length > 0);
  return steps.length === 0 ? undefined : { reason: "TakeInAdded", steps, next: again };
}

function changes(resource: Resource, objects: readonly KubeObject[], change: Change): readonly ObjectAction[] {
  return objects.map((object) => ({ do: "change", resource, object, change }));
}

function deletions(resource: Resource, objects: readonly KubeObject[]): readonly ObjectAction[] {
  return objects.map((object) => ({ do: "delete", resource, object }));
}
