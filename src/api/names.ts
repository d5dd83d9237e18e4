/**
 * Every name that is computed rather than chosen. They follow from uids, so whoever looks again after a crash finds what
 * was made, and a second attempt can only meet its own first one.
 */
import { createHash } from "node:crypto";
import type { GroupSnapshot } from "./group-snapshot/types.ts";
import type { VolumeHandle } from "./handles.ts";
import type { Snapshot } from "./snapshot/types.ts";

/** The content that is made for a group. */
export function groupContentNameOf(group: GroupSnapshot): string {
  return `groupsnapcontent-${group.metadata.uid}`;
}

/** The content that is made for a single snapshot. */
export function contentNameOf(snapshot: Snapshot): string {
  return `snapcontent-${snapshot.metadata.uid}`;
}

export interface MemberNames {
  /** The member's VolumeSnapshot, in the group's namespace. */
  readonly snapshot: string;
  /** The member's VolumeSnapshotContent. */
  readonly content: string;
}

/** The names of a group's member that holds the data of one volume. */
export function memberNamesOf(group: GroupSnapshot, volume: VolumeHandle): MemberNames {
  const hash = createHash("sha256").update(`${group.metadata.uid}${volume}`).digest("hex");
  return { snapshot: `snapshot-${hash}`, content: `snapcontent-${hash}` };
}

/** How a name for the storage is made from a uid. */
export interface StorageNaming {
  readonly prefix: string;
  /** How many digits of the uid are kept; -1 keeps the whole uid, dashes included. */
  readonly uidLength: number;
}

export const snapshotNaming: StorageNaming = { prefix: "snapshot", uidLength: -1 };
export const groupSnapshotNaming: StorageNaming = { prefix: "groupsnapshot", uidLength: -1 };

/** The name a CSI driver is given: the same for every attempt at the snapshot that the object with this uid asks for. */
export function storageNameOf(uid: string, naming: StorageNaming): string {
  const kept = naming.uidLength < 0 ? uid : uid.replaceAll("-", "").slice(0, naming.uidLength);
  return `${naming.prefix}-${kept}`;
}
