import { claimFinalizer } from "../../api/finalizers.ts";
import type { Claim } from "../../kube/core/claim.ts";
import { hasFinalizer } from "./change.ts";

/** True when the claim cannot go while a cut of its volume is under way. Binding waits for it before it makes a content. */
export function isProtected(claim: Claim): boolean {
  return hasFinalizer(claim, claimFinalizer);
}
