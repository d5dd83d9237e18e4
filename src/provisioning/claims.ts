import { retryOf } from "../csi/status.ts";
import { type ObserveContext, type Reconciler, watch } from "../kube/controller/controller.ts";
import type { Plan } from "../kube/controller/plan.ts";
import type { Claim } from "../kube/core/claim.ts";
import { keyOf } from "../kube/object.ts";
import { actCreating } from "./creating/act.ts";
import { type CreatingAction, decideCreating, giveUpNode } from "./creating/decide.ts";
import { type CreatingSeen, observeCreating } from "./creating/observe.ts";
import { byNeed, needs, type ProvisioningDeps } from "./deps.ts";
import { reasons, warning } from "./events.ts";
import { actExpanding } from "./expanding/act.ts";
import { decideExpanding, type ExpandingAction } from "./expanding/decide.ts";
import { type ExpandingSeen, observeExpanding } from "./expanding/observe.ts";
import { claimFinalizer } from "./names.ts";

type Seen =
  | { readonly stage: "creating"; readonly creating: CreatingSeen }
  | { readonly stage: "expanding"; readonly expanding: ExpandingSeen };
type Action = CreatingAction | ExpandingAction;

/** Gives claims of our driver their volume, and lets it grow with them. */
export function claimProvisioner(deps: ProvisioningDeps): Reconciler<Claim, Seen, Action> {
  return {
    name: "provisioner-claim",
    kind: deps.caches.claims,
    watches: watchesOf(deps),
    observe: (claim, context) => observe(claim, context, deps),
    decide,
    act: (action, context) =>
      action.do === "expand" || action.do === "announce"
        ? actExpanding(action, context, deps)
        : actCreating(action, context, deps),
    onFailure(seen, { failure, action }) {
      const reason = seen.stage === "creating" ? reasons.provisioningFailed : reasons.resizeFailed;
      const hasNoRoom = seen.stage === "creating" && action === "provision" && failure.code === "exhausted";
      const step = hasNoRoom ? giveUpNode(seen.creating) : [];
      const then = step.length > 0 ? "; another node is to be chosen for it" : "";
      const events = [warning(claimOf(seen), reason, `${failure.message}${then}`)];
      return { reason, steps: step.length > 0 ? [step] : [], next: { when: "onChange" }, events };
    },
    factsOf: (seen) => (seen.stage === "creating" ? creatingFacts(seen.creating) : expandingFacts(seen.expanding)),
    retryOf,
  };
}

/** What wakes a claim: its own volume, and whatever it waits for. */
function watchesOf({ caches }: ProvisioningDeps) {
  const waiting = (need: string) => caches.claims.by(byNeed, need).map(({ metadata }) => keyOf(metadata));
  const claimOfVolume = ({ namespace, name }: { readonly namespace: string; readonly name: string }) => [
    keyOf({ namespace, name }),
    ...waiting(needs.claim(keyOf({ namespace, name }))), // copies wait until their source is bound
  ];
  return [
    watch(caches.volumes, ({ spec }) => (spec.claimRef ? claimOfVolume(spec.claimRef) : [])),
    watch(caches.claims, ({ metadata }) => waiting(needs.claim(keyOf(metadata)))),
    watch(caches.storageClasses, ({ metadata }) => waiting(needs.storageClass(metadata.name))),
    watch(caches.snapshots, ({ metadata }) => waiting(needs.snapshot(keyOf(metadata)))),
    watch(caches.snapshotContents, ({ spec: { volumeSnapshotRef: ref } }) =>
      ref.name ? waiting(needs.snapshot(keyOf({ namespace: ref.namespace, name: ref.name }))) : [],
    ),
    watch(caches.csiNodes, () => waiting(needs.anything)),
    watch(caches.nodes, () => waiting(needs.anything)),
  ];
}

/** A claim that may still owe us a volume is looked at as one, whatever its phase. */
function observe(claim: Claim, { now }: ObserveContext, deps: ProvisioningDeps): Seen {
  const isSettled = claim.status?.phase === "Bound" && !claim.metadata.finalizers?.includes(claimFinalizer);
  return isSettled
    ? { stage: "expanding", expanding: observeExpanding(claim, deps, now) }
    : { stage: "creating", creating: observeCreating(claim, deps, now) };
}

function decide(seen: Seen): Plan<Action> {
  return seen.stage === "creating" ? decideCreating(seen.creating) : decideExpanding(seen.expanding);
}

function claimOf(seen: Seen): Claim {
  return seen.stage === "creating" ? seen.creating.claim : seen.expanding.claim;
}

function creatingFacts({ claim, storageClass, source, places, volume, turn }: CreatingSeen): unknown {
  const { deletionTimestamp, annotations } = claim.metadata;
  const snapshot = source.kind === "snapshot" ? [source.snapshot?.status, source.content?.status] : [];
  const copied = source.kind === "claim" ? [source.claim?.status?.phase, source.volume?.spec] : [];
  const exists = volume !== undefined;
  const isTurn = turn?.kind;
  return { spec: claim.spec, deletionTimestamp, annotations, storageClass, places, snapshot, copied, exists, isTurn };
}

function expandingFacts({ claim, storageClass, volume }: ExpandingSeen): unknown {
  return { spec: claim.spec, allowed: storageClass?.allowVolumeExpansion, handle: volume?.spec.csi?.volumeHandle };
}
