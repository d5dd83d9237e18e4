import { nothing, onChange, type Plan } from "../../kube/controller/plan.ts";
import type { Claim } from "../../kube/core/claim.ts";
import { oldProvisionerAnnotation, provisionerAnnotation, selectedNodeAnnotation } from "../../kube/core/names.ts";
import type { StorageClass } from "../../kube/core/storage-class.ts";
import { assert } from "../../lib/assert.ts";
import { normal, reasons } from "../events.ts";
import { claimFinalizer, volumeNameOf } from "../names.ts";
import type { CreatingSeen } from "./observe.ts";
import { firstObstacle, type Obstacle } from "./obstacles.ts";
import { type Order, orderOf } from "./order.ts";

export type CreatingAction =
  /** Writes the node that is to make the volume on the claim, if it is as it was read. */
  | { readonly do: "assignClaim"; readonly claim: Claim; readonly nodeName: string }
  /** The scheduler is to choose another node. */
  | { readonly do: "handBack"; readonly claim: Claim }
  | { readonly do: "protectClaim"; readonly claim: Claim }
  | { readonly do: "provision"; readonly claim: Claim; readonly storageClass: StorageClass; readonly order: Order }
  | { readonly do: "undo"; readonly order: Order }
  | { readonly do: "unprotectClaim"; readonly claim: Claim };

/** From a claim that wants a volume of ours to that volume; and back, if the claim goes away in between. */
export function decideCreating(seen: CreatingSeen): Plan<CreatingAction> {
  const { claim, volume, turn } = seen;
  if (turn?.kind === "others") return nothing("OtherNode");
  const isProtected = claim.metadata.finalizers?.includes(claimFinalizer) === true;
  if (volume) return isProtected ? unprotect(claim) : nothing("Provisioned");
  if (isProtected && !isWanted(claim)) return undo(seen);
  if (!isWanted(claim) || !isOurs(seen)) return nothing("NotOurs");
  if (isWaitingForConsumer(seen)) return nothing("WaitForFirstConsumer");
  if (turn?.kind === "later")
    return { reason: "OthersFirst", steps: [], next: { when: "later", delayMs: turn.delayMs } };
  const obstacle = firstObstacle(seen);
  if (obstacle?.reason === reasons.elsewhere) return isProtected ? undo(seen) : goToSource(seen, obstacle);
  if (obstacle)
    return { reason: obstacle.reason, steps: [], next: onChange, events: [{ ...obstacle, regarding: claim }] };
  if (turn?.kind === "free") return takeClaim(seen);
  return provision(seen, isProtected);
}

/** Whoever is first to write its node on the claim makes the volume. */
function takeClaim({ claim, options: { nodeName } }: CreatingSeen): Plan<CreatingAction> {
  assert(nodeName !== undefined, "only a provisioner of one node takes turns");
  return { reason: "TakeClaim", steps: [[{ do: "assignClaim", claim, nodeName }]], next: onChange };
}

/** The scheduler follows: it gives up the node that it had chosen, and looks at the one that the claim names alone. */
function goToSource({ claim, otherNodes = [] }: CreatingSeen, obstacle: Obstacle): Plan<CreatingAction> {
  const [nodeName] = otherNodes;
  assert(nodeName !== undefined, "without such a node there is another obstacle");
  const events = [{ ...obstacle, regarding: claim }];
  return {
    reason: "GoToSource",
    steps: [[{ do: "assignClaim", claim, nodeName }]],
    next: onChange,
    events,
  };
}

/**
 * What follows an order that the driver had no room for: the node was chosen for the pod, and another may have room. The driver
 * says with RESOURCE_EXHAUSTED that it is done with the call and has made nothing, so nothing is owed any more. A claim that
 * could have its volume on this node alone stays, and is tried again: it would only come back, time after time.
 */
export function giveUpNode({ claim, storageClass, places, otherNodes }: CreatingSeen): readonly CreatingAction[] {
  const isChosen = storageClass?.volumeBindingMode === "WaitForFirstConsumer" && places.kind === "somewhere";
  const isOnlyNode = otherNodes?.length === 0;
  return isChosen && !isOnlyNode && claim.metadata.annotations?.[selectedNodeAnnotation]
    ? [{ do: "handBack", claim }]
    : [];
}

/** A claim that is being deleted, or that got another volume, wants none of ours. */
function isWanted(claim: Claim): boolean {
  return !claim.metadata.deletionTimestamp && [undefined, "", volumeNameOf(claim)].includes(claim.spec.volumeName);
}

/** The cluster's binder has found no volume and names the driver that is to make one. */
function isOurs({ claim, capabilities }: CreatingSeen): boolean {
  const annotations = claim.metadata.annotations ?? {};
  return (annotations[provisionerAnnotation] ?? annotations[oldProvisionerAnnotation]) === capabilities.driver;
}

function isWaitingForConsumer({ claim, storageClass }: CreatingSeen): boolean {
  return (
    storageClass?.volumeBindingMode === "WaitForFirstConsumer" && !claim.metadata.annotations?.[selectedNodeAnnotation]
  );
}

function provision(seen: CreatingSeen, isProtected: boolean): Plan<CreatingAction> {
  const { claim, storageClass } = seen;
  const order = orderOf(seen);
  assert(storageClass && !("problem" in order), "a claim without an obstacle has a class that can be used");
  const made = `volume ${volumeNameOf(claim)} was made by ${seen.capabilities.driver}`;
  return {
    reason: "Provision",
    steps: [
      ...(isProtected ? [] : [[{ do: "protectClaim", claim } as const]]),
      [{ do: "provision", claim, storageClass, order }],
    ],
    next: onChange, // the volume that appears wakes the claim, which then loses its finalizer
    events: [normal(claim, reasons.provisioned, made)],
  };
}

function unprotect(claim: Claim): Plan<CreatingAction> {
  return { reason: "UnprotectClaim", steps: [[{ do: "unprotectClaim", claim }]], next: onChange };
}

function undo(seen: CreatingSeen): Plan<CreatingAction> {
  const { claim } = seen;
  const order = orderOf(seen);
  const undone = "problem" in order ? [] : [[{ do: "undo", order } as const]]; // with a class like this none was ever sent
  return { reason: "UndoProvision", steps: [...undone, [{ do: "unprotectClaim", claim }]], next: onChange };
}
