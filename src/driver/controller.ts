import { ControllerServiceCapability_RPC_Type as Rpc } from "../csi/gen/csi_pb.js";
import type { CsiHandlers } from "../csi/server.ts";
import { snapshotCalls } from "./controller-snapshots.ts";
import { volumeCalls, volumeQueries } from "./controller-volumes.ts";
import type { ServiceDeps } from "./service-deps.ts";

type ControllerHandlers = NonNullable<CsiHandlers["controller"]>;

const capabilities = [
  Rpc.CREATE_DELETE_VOLUME,
  Rpc.LIST_VOLUMES,
  Rpc.LIST_VOLUMES_PUBLISHED_NODES,
  Rpc.GET_VOLUME,
  Rpc.GET_VOLUME_HEALTH,
  Rpc.GET_CAPACITY,
  Rpc.EXPAND_VOLUME,
  Rpc.CLONE_VOLUME,
  Rpc.CREATE_DELETE_SNAPSHOT,
  Rpc.LIST_SNAPSHOTS,
  Rpc.GET_SNAPSHOT,
  Rpc.SINGLE_NODE_MULTI_WRITER,
];

/** CSI's controller service. Volumes need no attaching: they are where the driver runs. */
export function controllerService(deps: ServiceDeps): ControllerHandlers {
  return {
    controllerGetCapabilities: async () => ({
      capabilities: capabilities.map((type) => ({ type: { case: "rpc" as const, value: { type } } })),
    }),
    ...volumeCalls(deps),
    ...volumeQueries(deps),
    ...snapshotCalls(deps),
  };
}
