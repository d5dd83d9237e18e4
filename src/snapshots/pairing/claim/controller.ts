import { reasons } from "../../../api/reasons.ts";
import { type Reconciler, watch } from "../../../kube/controller/controller.ts";
import { nothing } from "../../../kube/controller/plan.ts";
import type { Claim } from "../../../kube/core/claim.ts";
import { keyOf } from "../../../kube/object.ts";
import { actOn, type ObjectAction } from "../action.ts";
import type { SnapshotCaches } from "../caches.ts";
import { isTerminating } from "../change.ts";
import { warning } from "../obstacle.ts";
import { decide } from "./decide.ts";
import {
  type ClaimSeen,
  claimsOfContent,
  claimsOfGroup,
  claimsOfGroupContent,
  claimsOfSnapshot,
  observe,
} from "./observe.ts";

/**
 * Keeps claims from going while a snapshot of them is being cut. The one place that touches the finalizer, which stands
 * for every single snapshot and every group that uses the claim.
 */
export function claimProtection(deps: { readonly caches: SnapshotCaches }): Reconciler<Claim, ClaimSeen, ObjectAction> {
  const { caches } = deps;
  return {
    name: "snapshot-controller-claim",
    kind: caches.claims,
    watches: [
      watch(caches.snapshots, claimsOfSnapshot),
      watch(caches.contents, (content) => claimsOfContent(content, caches)),
      watch(caches.groups, (group) => claimsOfGroup(group, caches)),
      watch(caches.groupContents, (content) => claimsOfGroupContent(content, caches)),
      watch(caches.volumes, ({ spec: { claimRef } }) => (claimRef ? [keyOf(claimRef)] : [])),
    ],
    observe: (claim, context) => observe(claim, caches, context),
    decide,
    act: actOn,
    onFailure: ({ claim }, { failure }) => ({
      ...nothing("ClaimProtectionFailed"),
      events:
        failure.code === "conflict"
          ? []
          : [warning(claim, { reason: reasons.claimFinalizer, message: failure.message })],
    }),
    factsOf: ({ claim, singles, groups, cuts }) => ({
      terminating: isTerminating(claim),
      uses: [...singles, ...groups].map(({ request, content }) => [request.metadata.uid, content?.metadata.uid]),
      cuts: cuts.map((content) => content.metadata.uid),
    }),
  };
}
