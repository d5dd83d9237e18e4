import type { Condition, KubeObject, Resource } from "../object.ts";

/** A machine of the cluster. */
export interface Node extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean };
  readonly status?: NodeStatus;
}

export interface NodeStatus {
  readonly conditions?: readonly NodeCondition[];
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
}

export type NodeCondition = Condition & { readonly lastHeartbeatTime?: string };

/** The CSI drivers a node serves. */
export interface CsiNode extends KubeObject {
  /** Kubernetes writes null for a node on which no driver has registered yet. */
  readonly spec: { readonly drivers: readonly CsiNodeDriver[] | null };
}

export interface CsiNodeDriver {
  readonly name: string;
  readonly nodeID: string;
  /** Labels of the node that say where its volumes can be reached. */
  readonly topologyKeys?: readonly string[] | null;
  readonly allocatable?: { readonly count?: number };
}

export const nodes: Resource<Node> = {
  group: "",
  version: "v1",
  plural: "nodes",
  kind: "Node",
  namespaced: false,
};

export const csiNodes: Resource<CsiNode> = {
  group: "storage.k8s.io",
  version: "v1",
  plural: "csinodes",
  kind: "CSINode",
  namespaced: false,
};
