import type { Capabilities } from "../../csi/capabilities.ts";
import type { CsiServices } from "../../csi/client.ts";
import type { Cache } from "../../kube/cache/cache.ts";
import type { CsiNode, Node } from "../../kube/core/node.ts";
import type { StorageCapacity } from "../../kube/core/storage-capacity.ts";
import type { StorageClass } from "../../kube/core/storage-class.ts";
import type { Volume } from "../../kube/core/volume.ts";
import type { OwnerReference } from "../../kube/object.ts";

export interface CapacityOptions {
  /** Where the facts are written. */
  readonly namespace: string;
  /** They go with it: the pod that the provisioner runs in. */
  readonly owner?: OwnerReference | undefined;
  /** The only node that is told of; all of the driver's unless it is given. */
  readonly nodeName?: string | undefined;
  /** Also of classes whose claims do not wait for a pod. */
  readonly forImmediateBinding: boolean;
  /** How often the driver is asked. */
  readonly pollMs: number;
  /** Limit of one CSI call. */
  readonly timeoutMs: number;
}

export interface CapacityDeps {
  readonly csi: Pick<CsiServices, "controller">;
  readonly capabilities: Capabilities;
  readonly caches: {
    readonly csiNodes: Cache<CsiNode>;
    readonly nodes: Cache<Node>;
    readonly storageClasses: Cache<StorageClass>;
    readonly capacities: Cache<StorageCapacity>;
    readonly volumes: Cache<Volume>;
  };
  readonly options: CapacityOptions;
}
