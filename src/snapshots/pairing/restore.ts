import { canServe } from "../../api/snapshot/restore.ts";
import type { Snapshot } from "../../api/snapshot/types.ts";
import type { Cache } from "../../kube/cache/cache.ts";
import type { Claim } from "../../kube/core/claim.ts";
import { keyOf } from "../../kube/object.ts";
import { bySnapshot } from "./caches.ts";

/**
 * The claims that are being made from a snapshot: by dataSource or dataSourceRef, in any namespace, and not bound yet.
 * While there is one, the snapshot and its data stay. A claim that came too late is served no more and holds nothing.
 */
export function restoresOf(snapshot: Snapshot, claims: Cache<Claim>): readonly Claim[] {
  return claims
    .by(bySnapshot, keyOf(snapshot.metadata))
    .filter((claim) => claim.spec.volumeName === undefined && claim.status?.phase !== "Bound")
    .filter((claim) => canServe(snapshot, claim.metadata));
}
