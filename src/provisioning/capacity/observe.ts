import type { ObserveContext } from "../../kube/controller/controller.ts";
import type { CsiNode } from "../../kube/core/node.ts";
import { capacityDriverLabel, type StorageCapacity } from "../../kube/core/storage-capacity.ts";
import type { StorageClass } from "../../kube/core/storage-class.ts";
import { isFailure } from "../../lib/failure.ts";
import { type Segments, segmentsOf } from "../creating/topology.ts";
import { forDriver } from "../parameters.ts";
import type { CapacityDeps, CapacityOptions } from "./deps.ts";

/** What one class could still have. */
export interface Room {
  readonly className: string;
  readonly availableBytes: bigint;
  /** 0: the driver names no limit on a volume. */
  readonly largestBytes: bigint;
}

/** Every fact from which it is decided what is told of the room on a node. */
export interface CapacitySeen {
  readonly driver: string;
  /** The node's place; undefined where the driver does not serve, or another's provisioner tells of it. */
  readonly place: Segments | undefined;
  readonly rooms: readonly Room[];
  /** What is told now, of every place. */
  readonly told: readonly StorageCapacity[];
  readonly options: CapacityOptions;
}

export async function observeCapacity(
  { metadata: { name } }: CsiNode,
  { signal }: ObserveContext,
  deps: CapacityDeps,
): Promise<CapacitySeen> {
  const { caches, capabilities, options } = deps;
  const { driver } = capabilities;
  const isOther = options.nodeName !== undefined && options.nodeName !== name;
  const place = isOther ? undefined : segmentsOf(name, driver, caches);
  const classes = caches.storageClasses.list().filter((found) => isTold(found, driver, options));
  const found = place && (await Promise.all(classes.map((each) => roomOf(each, place, deps, signal))));
  return {
    driver,
    place,
    rooms: (found ?? []).filter((room) => room !== undefined),
    told: caches.capacities.list().filter(({ metadata }) => metadata.labels?.[capacityDriverLabel] === driver),
    options,
  };
}

/** Only claims that wait for a pod are placed by the room there is. */
function isTold({ provisioner, volumeBindingMode }: StorageClass, driver: string, options: CapacityOptions): boolean {
  return provisioner === driver && (options.forImmediateBinding || volumeBindingMode === "WaitForFirstConsumer");
}

/** Undefined for a class that the driver does not understand: there is no room for its volumes. */
async function roomOf(
  { metadata, parameters = {} }: StorageClass,
  place: Segments,
  { csi, options: { timeoutMs } }: CapacityDeps,
  signal: AbortSignal,
): Promise<Room | undefined> {
  const request = { parameters: forDriver(parameters), accessibleTopology: { segments: { ...place } } };
  try {
    const answer = await csi.controller.getCapacity(request, { signal, timeoutMs });
    const { availableCapacity: availableBytes, maximumVolumeSize: largestBytes = 0n } = answer;
    return { className: metadata.name, availableBytes, largestBytes };
  } catch (error) {
    if (isFailure(error, "invalid")) return undefined;
    throw error;
  }
}
