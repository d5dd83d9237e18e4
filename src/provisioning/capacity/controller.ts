import { retryOf } from "../../csi/status.ts";
import { type Reconciler, watch } from "../../kube/controller/controller.ts";
import type { CsiNode } from "../../kube/core/node.ts";
import { isReachedFrom, type Volume } from "../../kube/core/volume.ts";
import { keyOf } from "../../kube/object.ts";
import { actCapacity } from "./act.ts";
import { type CapacityAction, decideCapacity } from "./decide.ts";
import type { CapacityDeps } from "./deps.ts";
import { type CapacitySeen, observeCapacity } from "./observe.ts";

/** Tells how much room each node of the driver has, for the scheduler to pick one that has enough. */
export function capacityTeller(deps: CapacityDeps): Reconciler<CsiNode, CapacitySeen, CapacityAction> {
  const { csiNodes, nodes, storageClasses, volumes } = deps.caches;
  return {
    name: "provisioner-capacity",
    kind: csiNodes,
    watches: [
      watch(nodes, ({ metadata }) => [keyOf({ name: metadata.name })]),
      watch(storageClasses, () => csiNodes.list().map(({ metadata }) => keyOf(metadata))),
      watch(
        volumes,
        (volume) => nodesOf(volume, deps),
        ({ spec }) => spec.capacity,
      ),
    ],
    observe: (node, context) => observeCapacity(node, context, deps),
    decide: decideCapacity,
    act: actCapacity,
    onFailure: () => ({ reason: "CapacityUnknown", steps: [], next: { when: "onChange" } }),
    factsOf: ({ place, rooms }) => [place, rooms.map(({ className }) => className)],
    retryOf,
  };
}

/**
 * A volume that comes, grows or goes takes or leaves room where it is, before the driver is asked again anyway. One that is
 * reached from everywhere is on no node in particular: asking all of them for each such volume would not end.
 */
function nodesOf(volume: Volume, { caches, capabilities, options: { nodeName } }: CapacityDeps): readonly string[] {
  if (volume.spec.csi?.driver !== capabilities.driver || volume.spec.nodeAffinity === undefined) return [];
  const told = nodeName === undefined ? caches.nodes.list() : [caches.nodes.get(nodeName) ?? []].flat();
  return told.filter(({ metadata }) => isReachedFrom(metadata, volume)).map(({ metadata }) => keyOf(metadata));
}
