import { type Capabilities, capabilitiesOf } from "../csi/capabilities.ts";
import type { Csi } from "../csi/client.ts";
import type { NodeGetInfoResponse } from "../csi/gen/csi_pb.js";
import type { CsiCall } from "../csi/service.ts";
import { isFailure } from "../lib/failure.ts";

/** What a driver says that it has. */
export interface Offer extends Capabilities {
  /** The node that its node service runs on; undefined where there is none. */
  readonly here: NodeGetInfoResponse | undefined;
}

export async function offerOf(csi: Csi, call: CsiCall): Promise<Offer> {
  const capabilities = await capabilitiesOf(csi, call);
  return { ...capabilities, here: await nodeInfo(csi, call) };
}

async function nodeInfo(csi: Csi, call: CsiCall): Promise<NodeGetInfoResponse | undefined> {
  try {
    return await csi.node.nodeGetInfo({}, call);
  } catch (error) {
    if (isFailure(error, "unimplemented")) return undefined;
    throw error;
  }
}

/** What a check cannot do without. */
export type Need = keyof typeof missing;

/** Why a driver cannot be checked for lack of it, or undefined. */
const missing = {
  volumes: ({ controller }: Offer) => without("CREATE_DELETE_VOLUME", controller.has("CREATE_DELETE_VOLUME")),
  groups: ({ plugin, group }: Offer) =>
    without("GROUP_CONTROLLER_SERVICE", plugin.has("GROUP_CONTROLLER_SERVICE")) ??
    without("CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT", group.has("CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT")),
  singles: ({ controller }: Offer) => without("CREATE_DELETE_SNAPSHOT", controller.has("CREATE_DELETE_SNAPSHOT")),
  lists: ({ controller }: Offer) => without("LIST_SNAPSHOTS", controller.has("LIST_SNAPSHOTS")),
  getsOne: ({ controller }: Offer) => without("GET_SNAPSHOT", controller.has("GET_SNAPSHOT")),
  node: ({ here }: Offer) =>
    here ? undefined : "the driver has no node service on this socket; --node-endpoint names another",
} as const;

const without = (capability: string, has: boolean) =>
  has ? undefined : `the driver does not say that it has ${capability}`;

/** The first of `needs` that the driver does not offer, in words; undefined if it has all of them. */
export function obstacleTo(needs: readonly Need[], offer: Offer): string | undefined {
  return needs.map((need) => missing[need](offer)).find((reason) => reason !== undefined);
}
