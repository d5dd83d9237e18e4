import {
  PluginCapability_VolumeExpansion_Type as Expansion,
  PluginCapability_Service_Type as Service,
} from "../csi/gen/csi_pb.js";
import type { CsiHandlers } from "../csi/server.ts";
import { version } from "../lib/version.ts";

/** Who this driver is, what it can do, and whether its block engine serves. */
export function identityService(deps: {
  readonly driverName: string;
  readonly engine: { readonly name: string; readonly finding: string };
  /** Rejects while volumes cannot be served. */
  readonly ready: () => Promise<void>;
}): NonNullable<CsiHandlers["identity"]> {
  const services = [
    Service.CONTROLLER_SERVICE,
    Service.VOLUME_ACCESSIBILITY_CONSTRAINTS,
    Service.GROUP_CONTROLLER_SERVICE,
  ];
  return {
    getPluginInfo: async () => ({
      name: deps.driverName,
      vendorVersion: version,
      manifest: { engine: deps.engine.name, finding: deps.engine.finding },
    }),
    getPluginCapabilities: async () => ({
      capabilities: [
        ...services.map((type) => ({ type: { case: "service" as const, value: { type } } })),
        { type: { case: "volumeExpansion" as const, value: { type: Expansion.ONLINE } } },
      ],
    }),
    async probe() {
      await deps.ready();
      return { ready: true };
    },
  };
}
