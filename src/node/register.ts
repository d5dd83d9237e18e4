import type { CsiServices } from "../csi/client.ts";
import type { CsiCall } from "../csi/service.ts";
import type { Client } from "../kube/client/client.ts";
import { csiNodes, type Node, nodes } from "../kube/core/node.ts";
import { apiVersionOf, type KubeObject, type Resource } from "../kube/object.ts";
import { isFailure } from "../lib/failure.ts";
import { equalJson } from "../lib/json.ts";

/** What the driver says of this machine. @throws Failure when it has no node service */
export async function topologyOf(csi: Pick<CsiServices, "node">, call: CsiCall) {
  const { nodeId, accessibleTopology } = await csi.node.nodeGetInfo({}, call);
  return { nodeId, topology: { ...accessibleTopology?.segments } };
}

export interface Registration {
  readonly nodeName: string;
  readonly driver: string;
  /** How the driver calls this machine. */
  readonly nodeId: string;
  /** Labels by which the driver says where its volumes can be reached. */
  readonly topology: Readonly<Record<string, string>>;
  readonly now: Date;
}

/** Tells the cluster about this machine and its driver: a Node that is ready, with the driver's labels, and a CSINode. */
export async function registerNode(client: Client, wanted: Registration, signal: AbortSignal): Promise<void> {
  const labels = labelsOf(wanted);
  const node = await ensure(client, nodes, nodeOf(wanted), signal);
  if (!Object.entries(labels).every(([key, value]) => node.metadata.labels?.[key] === value)) {
    const patch = { metadata: { labels } };
    await client.patch(nodes, node.metadata, { type: "merge", patch }, { signal });
  }
  const status = statusOf(wanted);
  await client.patch(nodes, node.metadata, { type: "merge", patch: { status } }, { signal, subresource: "status" });
  const csiNode = await ensure(client, csiNodes, csiNodeOf(wanted, node), signal);
  const others = (csiNode.spec.drivers ?? []).filter(({ name }) => name !== wanted.driver);
  const drivers = [...others, driverOf(wanted)];
  if (equalJson(csiNode.spec.drivers, drivers)) return;
  await client.patch(csiNodes, csiNode.metadata, { type: "merge", patch: { spec: { drivers } } }, { signal });
}

/** Labels of the node: the driver's, and the name that every Kubernetes node has. */
export function labelsOf({ nodeName, topology }: Pick<Registration, "nodeName" | "topology">) {
  return { "kubernetes.io/hostname": nodeName, ...topology };
}

function nodeOf(wanted: Registration) {
  const metadata = { name: wanted.nodeName, labels: labelsOf(wanted) };
  return { apiVersion: apiVersionOf(nodes), kind: nodes.kind, metadata, spec: {} };
}

/** Ready as long as this process says so: nothing else on this machine could be. */
function statusOf({ nodeName, now }: Registration): NonNullable<Node["status"]> {
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  return {
    addresses: [{ type: "Hostname", address: nodeName }],
    conditions: [
      {
        type: "Ready",
        status: "True",
        reason: "GroupsnapNode",
        message: "volumes of this machine are published",
        lastHeartbeatTime: time,
        lastTransitionTime: time,
      },
    ],
  };
}

function driverOf({ driver, nodeId, topology }: Registration) {
  return { name: driver, nodeID: nodeId, topologyKeys: Object.keys(topology).sort((a, b) => a.localeCompare(b)) };
}

function csiNodeOf(wanted: Registration, node: Node) {
  const { name, uid } = node.metadata;
  const ownerReferences = [{ apiVersion: "v1", kind: "Node", name, uid }];
  return {
    apiVersion: apiVersionOf(csiNodes),
    kind: csiNodes.kind,
    metadata: { name, ownerReferences },
    spec: { drivers: [driverOf(wanted)] },
  } as const;
}

async function ensure<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  draft: Parameters<typeof client.create<T>>[1] & { readonly metadata: { readonly name: string } },
  signal: AbortSignal,
): Promise<T> {
  const { name } = draft.metadata;
  const found = await client.find(resource, { name }, { signal });
  if (found) return found;
  try {
    return await client.create(resource, draft, { signal });
  } catch (error) {
    if (!isFailure(error, "exists")) throw error;
    return client.get(resource, { name }, { signal });
  }
}
