import { beingCreated, beingDeleted } from "../../../api/annotations.ts";
import { contentFinalizer } from "../../../api/finalizers.ts";
import type { SnapshotHandle, VolumeHandle } from "../../../api/handles.ts";
import { parseContentSource } from "../../../api/snapshot/source.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import { hasAnnotation, hasFinalizer, isTerminating } from "../../pairing/change.ts";
import { isMemberContent } from "../../pairing/member.ts";

/** What a content asks of the driver now. */
export type Work =
  | { readonly kind: "none"; readonly why: string }
  /** Call CreateSnapshot, or call it again to learn the handle of what it may have made. */
  | { readonly kind: "cut"; readonly volume: VolumeHandle }
  /** Ask whether the snapshot is ready. `volume` is there when a repeated CreateSnapshot may ask. */
  | { readonly kind: "check"; readonly handle: SnapshotHandle; readonly volume: VolumeHandle | undefined }
  | { readonly kind: "delete"; readonly handle: SnapshotHandle }
  /** Take the mark off: the handle is known. */
  | { readonly kind: "unmark" }
  /** Let the object go, and leave the storage alone. */
  | { readonly kind: "letGo" };

export function workOf(content: SnapshotContent): Work {
  if (isTerminating(content) && !hasFinalizer(content, contentFinalizer)) return none("Released");
  return isReleased(content) ? workOfEnding(content) : workOfLiving(content);
}

/**
 * Its snapshot goes too, or it never had one. A content whose object alone is deleted lives on until then: its snapshot
 * still gets what it waits for, and the storage is not touched.
 */
export function isReleased(content: SnapshotContent): boolean {
  const isBound = Boolean(content.spec.volumeSnapshotRef.uid);
  return isTerminating(content) && (!isBound || hasAnnotation(content, beingDeleted));
}

/** The snapshot on the storage, as far as it is known. */
function handleOf(content: SnapshotContent): SnapshotHandle | undefined {
  return content.spec.source.snapshotHandle ?? content.status?.snapshotHandle;
}

function workOfLiving(content: SnapshotContent): Work {
  const handle = handleOf(content);
  const source = parseContentSource(content);
  const marked = hasAnnotation(content, beingCreated);
  const isMember = isMemberContent(content); // upstream's name the volume too, and get their handle a moment later
  if (handle === undefined) {
    if (isMember) return none("LeftToItsGroup");
    if (source.kind === "adopt") return none("NothingToAdopt");
    if (!content.spec.volumeSnapshotRef.uid) return none("NotBound");
    return hasAnnotation(content, beingDeleted) && !marked
      ? none("SnapshotIsGoing")
      : { kind: "cut", volume: source.volume };
  }
  if (marked && content.status?.snapshotHandle !== undefined) return { kind: "unmark" };
  if (content.status?.readyToUse === true) return none("Ready");
  return { kind: "check", handle, volume: source.kind === "cut" && !isMember ? source.volume : undefined };
}

function workOfEnding(content: SnapshotContent): Work {
  if (isMemberContent(content) || content.spec.deletionPolicy === "Retain") return { kind: "letGo" };
  const handle = handleOf(content);
  if (handle !== undefined) return { kind: "delete", handle };
  const source = parseContentSource(content);
  const mayExist = Boolean(content.spec.volumeSnapshotRef.uid) && hasAnnotation(content, beingCreated);
  return mayExist && source.kind === "cut" ? { kind: "cut", volume: source.volume } : { kind: "letGo" };
}

function none(why: string): Work {
  return { kind: "none", why };
}
