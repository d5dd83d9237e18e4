import { assert } from "../../lib/assert.ts";
import type { SnapshotHandle, VolumeHandle } from "../handles.ts";
import type { Snapshot, SnapshotContent } from "./types.ts";

/** What a VolumeSnapshot asks for: a snapshot of a claim, or one that an admin has brought. */
export type SnapshotSource =
  | { readonly kind: "claim"; readonly claimName: string }
  | { readonly kind: "adopt"; readonly contentName: string };

/** The API server lets nothing but exactly one of the two fields in. */
export function parseSnapshotSource(snapshot: Snapshot): SnapshotSource {
  const { persistentVolumeClaimName, volumeSnapshotContentName } = snapshot.spec.source;
  if (volumeSnapshotContentName !== undefined) return { kind: "adopt", contentName: volumeSnapshotContentName };
  assert(persistentVolumeClaimName !== undefined, "the CRD's rule refuses a VolumeSnapshot without a source");
  return { kind: "claim", claimName: persistentVolumeClaimName };
}

/** What a VolumeSnapshotContent stands for: a snapshot that the driver is to make, or one that exists. */
export type ContentSource =
  | { readonly kind: "cut"; readonly volume: VolumeHandle }
  | { readonly kind: "adopt"; readonly snapshot: SnapshotHandle };

export function parseContentSource(content: SnapshotContent): ContentSource {
  const { volumeHandle, snapshotHandle } = content.spec.source;
  if (snapshotHandle !== undefined) return { kind: "adopt", snapshot: snapshotHandle };
  assert(volumeHandle !== undefined, "the CRD's rule refuses a VolumeSnapshotContent without a source");
  return { kind: "cut", volume: volumeHandle };
}
