import {
  PluginCapability_VolumeExpansion_Type as Expansion,
  PluginCapability_Service_Type as Service,
} from "../csi/gen/csi_pb.js";
import type { CsiHandlers } from "../csi/server.ts";
import { version } from "../lib/version.ts";
import type { Space, SpaceLevels } from "./pool/space.ts";

/** The cut engine that a probe has picked. */
export interface EngineInUse {
  readonly name: string;
  /** What its probe found. */
  readonly finding: string;
  /** What the probes of better ones found. */
  readonly passedOver: readonly string[];
}

/** Who this driver is, what it can do, and whether its block engine serves. */
export function identityService(deps: {
  readonly driverName: string;
  readonly engine: EngineInUse;
  readonly space: Pick<Space, "levels">;
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
      manifest: manifestOf(deps.engine, await deps.space.levels()),
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

/** For people and `groupsnap doctor`. */
function manifestOf(engine: EngineInUse, levels: SpaceLevels): Record<string, string> {
  return {
    engine: engine.name,
    finding: engine.finding,
    passedOver: engine.passedOver.join("; "),
    poolBytes: String(levels.totalBytes),
    poolFreeBytes: String(levels.freeBytes),
    poolReserveBytes: String(levels.reserveBytes),
    poolIsLow: String(levels.isLow),
  };
}
