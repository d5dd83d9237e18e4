import { managedBy } from "../../api/labels.ts";
import type { Snapshot, SnapshotContent } from "../../api/snapshot/types.ts";
import type { Claim, DataSource } from "../../kube/core/claim.ts";
import type { Node } from "../../kube/core/node.ts";
import { isReachedFrom, type Volume } from "../../kube/core/volume.ts";
import { keyOf } from "../../kube/object.ts";
import { isClaim, isSnapshot, type ProvisioningCaches, sourceOf } from "../deps.ts";

/** What a new volume starts with, as far as it exists. */
export type Source =
  | { readonly kind: "empty" }
  | {
      readonly kind: "snapshot";
      readonly name: string;
      readonly snapshot: Snapshot | undefined;
      readonly content: SnapshotContent | undefined;
    }
  | {
      readonly kind: "claim";
      readonly name: string;
      readonly claim: Claim | undefined;
      readonly volume: Volume | undefined;
    }
  /** Something that a volume populator knows. */
  | { readonly kind: "foreign"; readonly source: DataSource }
  /** An object of another namespace. */
  | { readonly kind: "elsewhere"; readonly namespace: string };

/** Finds what the claim names as its source. */
export function findSource(claim: Claim, caches: ProvisioningCaches): Source {
  const source = sourceOf(claim);
  if (!source) return { kind: "empty" };
  const namespace = claim.metadata.namespace;
  if (source.namespace && source.namespace !== namespace) return { kind: "elsewhere", namespace: source.namespace };
  const { name } = source;
  const key = keyOf({ namespace, name });
  if (isSnapshot(source)) {
    const snapshot = caches.snapshots.get(key);
    const contentName = snapshot?.status?.boundVolumeSnapshotContentName;
    return {
      kind: "snapshot",
      name,
      snapshot,
      content: contentName ? caches.snapshotContents.get(contentName) : undefined,
    };
  }
  if (isClaim(source)) {
    const found = caches.claims.get(key);
    const volumeName = found?.spec.volumeName;
    return { kind: "claim", name, claim: found, volume: volumeName ? caches.volumes.get(volumeName) : undefined };
  }
  return { kind: "foreign", source };
}

/** The handle that the driver knows the source by; undefined for an empty volume, or while the source has none. */
export function sourceHandle(source: Source): string | undefined {
  if (source.kind === "snapshot")
    return source.content?.status?.snapshotHandle ?? source.content?.spec.source.snapshotHandle;
  return source.kind === "claim" ? source.volume?.spec.csi?.volumeHandle : undefined;
}

interface NodeNamed {
  readonly metadata: Pick<Node["metadata"], "name" | "labels">;
}

/** False where it is known that the source is on other nodes than this. */
export function isSourceOn({ metadata: { name, labels } }: NodeNamed, source: Source): boolean {
  if (source.kind === "snapshot") return [undefined, name].includes(source.content?.metadata.labels?.[managedBy]);
  if (source.kind !== "claim" || !source.volume) return true;
  return isReachedFrom({ name, ...(labels && { labels }) }, source.volume);
}
