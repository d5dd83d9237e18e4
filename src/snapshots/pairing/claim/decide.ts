import { beingCreated, groupBeingCreated } from "../../../api/annotations.ts";
import { claimFinalizer } from "../../../api/finalizers.ts";
import { nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import { claims } from "../../../kube/core/claim.ts";
import type { KubeObject } from "../../../kube/object.ts";
import type { ObjectAction } from "../action.ts";
import { hasAnnotation, isTerminating } from "../change.ts";
import { isProtected } from "../protection.ts";
import type { ClaimSeen, Use } from "./observe.ts";

/** Puts the protection on a claim that somebody needs, and takes it off one that nobody needs any more. */
export function decide(seen: ClaimSeen): Plan<ObjectAction> {
  const { claim } = seen;
  const needed = isNeeded(seen);
  if (needed === isProtected(claim)) return nothing(needed ? "ClaimIsProtected" : "ClaimIsFree");
  if (needed && isTerminating(claim)) return nothing("ClaimIsGoing"); // the API server lets no finalizer in any more
  const change = needed ? { addFinalizers: [claimFinalizer] } : { removeFinalizers: [claimFinalizer] };
  return {
    reason: needed ? "ProtectClaim" : "FreeClaim",
    steps: [[{ do: "change", resource: claims, object: claim, change }]],
    next: onChange,
  };
}

function isNeeded({ claim, singles, groups, cuts }: ClaimSeen): boolean {
  return cuts.some(mayBeCutting) || singles.some((use) => needs(use, claim)) || groups.some((use) => needs(use, claim));
}

/** The driver may be at work for this content, also when nobody wants the snapshot any more. */
function mayBeCutting(content: KubeObject): boolean {
  return hasAnnotation(content, beingCreated) || hasAnnotation(content, groupBeingCreated);
}

interface Request extends KubeObject {
  readonly status?: { readonly readyToUse?: boolean };
}

/**
 * A request needs the claim until its snapshot is ready. One that has no content yet lets go of a claim that is being
 * deleted: it could not be bound to it any more, and both would wait for ever.
 */
function needs({ request, content }: Use<Request, KubeObject>, claim: KubeObject): boolean {
  if (isTerminating(request) || request.status?.readyToUse === true) return false;
  return content !== undefined || !isTerminating(claim);
}
