import type { JsonObject } from "../../lib/json.ts";
import { conflict } from "../status.ts";
import { metadataOf, type Stored, type View, viewOf, withMetadata } from "../store/stored.ts";
import { getStored, isFinished } from "./replace.ts";
import type { Review } from "./verb.ts";
import { type Api, type ObjectTarget, timestamp } from "./verb.ts";

export type Propagation = "Background" | "Foreground" | "Orphan";

export interface RemoveOptions {
  readonly dryRun: boolean;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** What becomes of the objects that this one owns; absent: what its finalizers say, else Background. */
  readonly propagation?: Propagation;
  /** Absent for deletions by the server itself. */
  readonly review?: Review;
}

export interface Removed {
  /** False while finalizers, or what a namespace still holds, keep the object. */
  readonly gone: boolean;
  readonly view: View;
}

export const orphanFinalizer = "orphan";
export const foregroundFinalizer = "foregroundDeletion";

/**
 * Deletes one object, or marks it as being deleted while finalizers hold it.
 *
 * Nothing here waits for a grace period: no kubelet stops anything in this process.
 * @throws Failure "notFound"; "conflict" if a precondition does not hold
 */
export function remove(api: Api, target: ObjectTarget, options: RemoveOptions): Removed {
  const { served } = target;
  const stored = getStored(api, target);
  checkPreconditions(target, stored, options);
  api.rules.get(served.collection)?.checkDeletion?.(stored.object);
  options.review?.check({ target, old: served.view(stored).object });
  const marked = markedForDeletion(api, target, stored, options);
  const finished = isFinished(api, target, marked);
  if (options.dryRun) return { gone: finished, view: viewOf(marked) };
  if (finished) return { gone: true, view: served.view(api.store.remove(served.collection, marked)) };
  if (marked === stored.object) return { gone: false, view: served.view(stored) };
  return { gone: false, view: served.view(api.store.put(served.collection, marked)) };
}

function checkPreconditions(target: ObjectTarget, stored: Stored, { uid, resourceVersion }: RemoveOptions): void {
  const check = (what: string, wanted: string | undefined, found: string) => {
    if (wanted === undefined || wanted === found) return;
    const why = `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${found})`;
    throw conflict(target.served.kind, target.name, `${why}. The object might have been ${meanwhile[what]}`);
  };
  check("UID", uid, stored.metadata.uid);
  check("ResourceVersion", resourceVersion, String(stored.revision));
}

const meanwhile: Readonly<Record<string, string>> = {
  UID: "deleted and then recreated",
  ResourceVersion: "modified",
};

/** The stored object with its deletion begun: time, finalizers of garbage collection, generation. */
function markedForDeletion(api: Api, { served }: ObjectTarget, stored: Stored, options: RemoveOptions): JsonObject {
  const metadata = stored.metadata;
  const finalizers = finalizersFor(metadata.finalizers ?? [], options.propagation);
  const isSame = finalizers.join() === (metadata.finalizers ?? []).join();
  if (metadata.deletionTimestamp && isSame) return stored.object;
  const { finalizers: _, ...rest } = metadata;
  const isFirst = !metadata.deletionTimestamp;
  const marked = withMetadata(stored.object, {
    ...rest,
    ...(finalizers.length > 0 && { finalizers }),
    ...(isFirst && { deletionTimestamp: timestamp(api.clock.now()), deletionGracePeriodSeconds: 0 }),
    ...(isFirst && served.kind.hasGeneration && { generation: (metadata.generation ?? 0) + 1 }),
  });
  if (!isFirst) return marked;
  return api.rules.get(served.collection)?.beginDeletion?.(marked) ?? marked;
}

function finalizersFor(finalizers: readonly string[], propagation: Propagation | undefined): readonly string[] {
  if (propagation === undefined) return finalizers;
  const others = finalizers.filter((name) => name !== orphanFinalizer && name !== foregroundFinalizer);
  if (propagation === "Orphan") return [...others, orphanFinalizer];
  if (propagation === "Foreground") return [...others, foregroundFinalizer];
  return others;
}

/** Whether an object's deletion has begun. */
export const isTerminating = (object: JsonObject) => metadataOf(object).deletionTimestamp !== undefined;
