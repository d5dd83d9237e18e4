import { retryOf } from "../../csi/status.ts";
import { type Reconciler, watch } from "../../kube/controller/controller.ts";
import type { CsiNode } from "../../kube/core/node.ts";
import { keyOf } from "../../kube/object.ts";
import { actCapacity } from "./act.ts";
import { type CapacityAction, decideCapacity } from "./decide.ts";
import type { CapacityDeps } from "./deps.ts";
import { type CapacitySeen, observeCapacity } from "./observe.ts";

/** Tells how much room each node of the driver has, for the scheduler to pick one that has enough. */
export function capacityTeller(deps: CapacityDeps): Reconciler<CsiNode, CapacitySeen, CapacityAction> {
  const { csiNodes, nodes, storageClasses } = deps.caches;
  return {
    name: "provisioner-capacity",
    kind: csiNodes,
    watches: [
      watch(nodes, ({ metadata }) => [keyOf({ name: metadata.name })]),
      watch(storageClasses, () => csiNodes.list().map(({ metadata }) => keyOf(metadata))),
    ],
    observe: (node, context) => observeCapacity(node, context, deps),
    decide: decideCapacity,
    act: actCapacity,
    onFailure: () => ({ reason: "CapacityUnknown", steps: [], next: { when: "onChange" } }),
    factsOf: ({ place, rooms }) => [place, rooms.map(({ className }) => className)],
    retryOf,
  };
}
