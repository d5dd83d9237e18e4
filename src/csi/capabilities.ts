import { Failure, isFailure } from "../lib/failure.ts";
import type { Csi } from "./client.ts";
import {
  ControllerServiceCapability_RPC_Type,
  GroupControllerServiceCapability_RPC_Type,
  NodeServiceCapability_RPC_Type,
  PluginCapability_Service_Type,
  PluginCapability_VolumeExpansion_Type,
} from "./gen/csi_pb.js";
import type { CsiCall } from "./service.ts";

export type PluginCapabilityName = keyof typeof PluginCapability_Service_Type;
export type ExpansionName = keyof typeof PluginCapability_VolumeExpansion_Type;
export type ControllerCapabilityName = keyof typeof ControllerServiceCapability_RPC_Type;
export type GroupCapabilityName = keyof typeof GroupControllerServiceCapability_RPC_Type;
export type NodeCapabilityName = keyof typeof NodeServiceCapability_RPC_Type;

/** Who a driver is and all that it says it can do, by CSI's own names. Values newer than CSI 1.13 are left out. */
export interface Capabilities {
  /** The driver's name. */
  readonly driver: string;
  readonly version: string;
  readonly plugin: ReadonlySet<PluginCapabilityName>;
  readonly expansion: ReadonlySet<ExpansionName>;
  /** Empty where there is no controller service; so are the next two. */
  readonly controller: ReadonlySet<ControllerCapabilityName>;
  readonly group: ReadonlySet<GroupCapabilityName>;
  readonly node: ReadonlySet<NodeCapabilityName>;
}

/** Asks the driver once for everything. @throws Failure "invalid" when it has no name */
export async function capabilitiesOf(csi: Csi, call: CsiCall): Promise<Capabilities> {
  const [info, plugin] = await Promise.all([
    csi.identity.getPluginInfo({}, call),
    csi.identity.getPluginCapabilities({}, call),
  ]);
  if (info.name === "") throw new Failure("invalid", `the CSI driver at ${csi.address} has no name`);
  const types = plugin.capabilities.map((capability) => capability.type);
  const services = named(
    PluginCapability_Service_Type,
    types.flatMap((type) => (type.case === "service" ? [type.value.type] : [])),
  );
  const [controller, group, node] = await Promise.all([
    services.has("CONTROLLER_SERVICE") ? controllerCapabilities(csi, call) : new Set<ControllerCapabilityName>(),
    services.has("GROUP_CONTROLLER_SERVICE") ? groupCapabilities(csi, call) : new Set<GroupCapabilityName>(),
    nodeCapabilities(csi, call),
  ]);
  const expansion = types.flatMap((type) => (type.case === "volumeExpansion" ? [type.value.type] : []));
  return {
    driver: info.name,
    version: info.vendorVersion,
    plugin: services,
    expansion: named(PluginCapability_VolumeExpansion_Type, expansion),
    controller,
    group,
    node,
  };
}

async function controllerCapabilities(csi: Csi, call: CsiCall) {
  const { capabilities } = await csi.controller.controllerGetCapabilities({}, call);
  return named(
    ControllerServiceCapability_RPC_Type,
    capabilities.map(({ type }) => type.value?.type),
  );
}

async function groupCapabilities(csi: Csi, call: CsiCall) {
  const { capabilities } = await csi.groupController.groupControllerGetCapabilities({}, call);
  return named(
    GroupControllerServiceCapability_RPC_Type,
    capabilities.map(({ type }) => type.value?.type),
  );
}

/** A driver may run its controller and its node service apart. */
async function nodeCapabilities(csi: Csi, call: CsiCall) {
  try {
    const { capabilities } = await csi.node.nodeGetCapabilities({}, call);
    return named(
      NodeServiceCapability_RPC_Type,
      capabilities.map(({ type }) => type.value?.type),
    );
  } catch (error) {
    if (isFailure(error, "unimplemented")) return new Set<NodeCapabilityName>();
    throw error;
  }
}

function named<Name extends string>(
  enumeration: Readonly<Record<Name, number>>,
  values: readonly (number | undefined)[],
): ReadonlySet<Name> {
  const names = Object.keys(enumeration) as Name[]; // a generated enum also maps its numbers back, to no number
  return new Set(names.filter((name) => values.includes(enumeration[name])));
}
