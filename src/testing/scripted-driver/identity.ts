import type { ExpansionName, PluginCapabilityName } from "../../csi/capabilities.ts";
import {
  type Identity,
  PluginCapability_Service_Type,
  PluginCapability_VolumeExpansion_Type,
} from "../../csi/gen/csi_pb.js";
import type { Handlers } from "../../csi/service.ts";
import type { World } from "./world.ts";

const services: readonly PluginCapabilityName[] = [
  "CONTROLLER_SERVICE",
  "GROUP_CONTROLLER_SERVICE",
  "VOLUME_ACCESSIBILITY_CONSTRAINTS",
];
const expansions: readonly ExpansionName[] = ["ONLINE"];

export function identityService(world: World): Handlers<typeof Identity> {
  return {
    getPluginInfo: async () => ({ name: world.name, vendorVersion: "1.0.0" }),
    probe: async () => ({ ready: true }),
    getPluginCapabilities: async () => ({
      capabilities: [
        ...services.filter(world.can).map((name) => ({
          type: { case: "service" as const, value: { type: PluginCapability_Service_Type[name] } },
        })),
        ...expansions.filter(world.can).map((name) => ({
          type: { case: "volumeExpansion" as const, value: { type: PluginCapability_VolumeExpansion_Type[name] } },
        })),
      ],
    }),
  };
}
