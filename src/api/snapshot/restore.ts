import type { ObjectMeta } from "../../kube/object.ts";
import type { Snapshot } from "./types.ts";

/**
 * Whether a volume may be made from a snapshot for a claim. A snapshot that is being deleted still serves the claims that
 * were there before, if it was ready to; whoever releases it waits for exactly those, so neither waits for the other.
 */
export function canServe(snapshot: Snapshot, claim: Pick<ObjectMeta, "creationTimestamp">): boolean {
  const { deletionTimestamp } = snapshot.metadata;
  if (deletionTimestamp === undefined) return true;
  return snapshot.status?.readyToUse === true && (claim.creationTimestamp ?? "") <= deletionTimestamp;
}
