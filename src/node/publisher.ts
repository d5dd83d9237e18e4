import { retryOf } from "../csi/status.ts";
import { type Reconciler, watch } from "../kube/controller/controller.ts";
import type { Claim } from "../kube/core/claim.ts";
import { keyOf } from "../kube/object.ts";
import type { NodeDeps } from "./deps.ts";
import { actPublishing, type PublishedHere } from "./publishing/act.ts";
import { decidePublishing, failedMount, type PublishingAction } from "./publishing/decide.ts";
import { observePublishing, type PublishingSeen } from "./publishing/observe.ts";

/** Lets the volumes of bound claims appear on this machine, again after each start, and disappear with their claims. */
export function claimPublisher(deps: NodeDeps): Reconciler<Claim, PublishingSeen, PublishingAction> {
  const { caches } = deps;
  const published: PublishedHere = new Set();
  return {
    name: "node-claim-publisher",
    kind: caches.claims,
    watches: [watch(caches.volumes, ({ spec }) => (spec.claimRef ? [keyOf(spec.claimRef)] : []))],
    observe: (claim) => observePublishing(claim, deps, published),
    decide: decidePublishing,
    act: (action, context) => actPublishing(action, context, { deps, published }),
    onFailure: ({ claim }, { failure }) => ({
      reason: "FailedMount",
      steps: [],
      next: { when: "onChange" },
      events: [failedMount(claim, failure.message)],
    }),
    factsOf: ({ claim, volume, record, isPublished }) => [
      claim.metadata.deletionTimestamp,
      claim.status?.phase,
      volume?.spec,
      record,
      isPublished,
    ],
    retryOf,
    gone: ({ metadata }) => void published.delete(metadata.uid),
  };
}
