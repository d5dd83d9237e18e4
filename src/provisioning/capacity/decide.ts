import { createHash } from "node:crypto";
import { nothing, type Plan } from "../../kube/controller/plan.ts";
import { capacityDriverLabel, capacityManagerLabel, type StorageCapacity } from "../../kube/core/storage-capacity.ts";
import type { Draft } from "../../kube/object.ts";
import { formatQuantity } from "../../kube/quantity.ts";
import type { Segments } from "../creating/topology.ts";
import type { CapacitySeen, Room } from "./observe.ts";

export type CapacityDraft = Draft<StorageCapacity> & { readonly metadata: { readonly name: string } };

export type CapacityAction =
  | { readonly do: "tell"; readonly capacity: CapacityDraft }
  | { readonly do: "correct"; readonly told: StorageCapacity; readonly capacity: CapacityDraft }
  | { readonly do: "forget"; readonly told: StorageCapacity };

/** A change of less is not worth a write: writers change the room all the time. */
const stepBytes = 1n << 20n;

/** Tells the scheduler of the room in one place, a fact for each class; asked again and again, as nobody tells when it changes. */
export function decideCapacity(seen: CapacitySeen): Plan<CapacityAction> {
  const { place, options } = seen;
  if (!place) return nothing("NotHere");
  const wanted = seen.rooms.map((room) => capacityOf(room, place, seen));
  const told = seen.told.filter(({ nodeTopology }) => isSame(nodeTopology?.matchLabels ?? {}, place));
  const named = (name: string) => told.find(({ metadata }) => metadata.name === name);
  const actions = [
    ...wanted.flatMap((capacity) => tell(capacity, named(capacity.metadata.name))),
    ...told
      .filter(({ metadata: { name } }) => !wanted.some((capacity) => capacity.metadata.name === name))
      .map((each) => ({ do: "forget" as const, told: each })),
  ];
  const steps = actions.length > 0 ? [actions] : [];
  return { reason: "TellCapacity", steps, next: { when: "later", delayMs: options.pollMs } };
}

function tell(capacity: CapacityDraft, told: StorageCapacity | undefined): readonly CapacityAction[] {
  if (!told) return [{ do: "tell", capacity }];
  const isTold = told.capacity === capacity.capacity && told.maximumVolumeSize === capacity.maximumVolumeSize;
  return isTold ? [] : [{ do: "correct", told, capacity }];
}

/** Named by what it is of and by who tells it, so that a new pod's facts are never those that go with the old one. */
function capacityOf(room: Room, place: Segments, { driver, options }: CapacitySeen): CapacityDraft {
  const { namespace, owner } = options;
  const identity = JSON.stringify([driver, room.className, sorted(place), owner?.uid ?? ""]);
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 20);
  const largest = room.largestBytes > 0n && { maximumVolumeSize: quantityOf(room.largestBytes) };
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSIStorageCapacity",
    metadata: {
      name: `csisc-${hash}`,
      namespace,
      labels: { [capacityDriverLabel]: driver, [capacityManagerLabel]: "groupsnap-provisioner" },
      ...(owner && { ownerReferences: [owner] }),
    },
    storageClassName: room.className,
    nodeTopology: { matchLabels: place },
    capacity: quantityOf(room.availableBytes),
    ...largest,
  };
}

const quantityOf = (bytes: bigint) => formatQuantity(bytes - (bytes % stepBytes));

const sorted = (place: Segments) => Object.entries(place).toSorted(([a], [b]) => a.localeCompare(b));
const isSame = (a: Segments, b: Segments) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
