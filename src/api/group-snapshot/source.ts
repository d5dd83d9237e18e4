import type { LabelSelector } from "../../kube/object.ts";
import { assert } from "../../lib/assert.ts";
import type { VolumeHandle } from "../handles.ts";
import type { GroupSnapshot, GroupSnapshotContent, GroupSnapshotHandles } from "./types.ts";

/** What a VolumeGroupSnapshot asks for: a snapshot of the claims a selector matches, or one that an admin has brought. */
export type GroupSource =
  | { readonly kind: "select"; readonly selector: LabelSelector }
  | { readonly kind: "adopt"; readonly contentName: string };

/** The API server lets nothing but exactly one of the two fields in. */
export function parseGroupSource(group: GroupSnapshot): GroupSource {
  const { selector, volumeGroupSnapshotContentName } = group.spec.source;
  if (volumeGroupSnapshotContentName !== undefined)
    return { kind: "adopt", contentName: volumeGroupSnapshotContentName };
  assert(selector !== undefined, "the CRD's rule refuses a VolumeGroupSnapshot without a source");
  return { kind: "select", selector };
}

/**
 * What a VolumeGroupSnapshotContent stands for: a cut that the driver is to make, or one that exists. One that was stored
 * when volumes were named by their PersistentVolumes has no handles that could be cut.
 */
export type GroupContentSource =
  | { readonly kind: "cut"; readonly volumes: readonly VolumeHandle[] }
  | { readonly kind: "adopt"; readonly handles: GroupSnapshotHandles };

export function parseGroupContentSource(content: GroupSnapshotContent): GroupContentSource {
  const { volumeHandles, groupSnapshotHandles } = content.spec.source;
  if (groupSnapshotHandles !== undefined) return { kind: "adopt", handles: groupSnapshotHandles };
  return { kind: "cut", volumes: volumeHandles ?? [] };
}
