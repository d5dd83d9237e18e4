import type { Node } from "../../kube/core/node.ts";
import type { VolumeSpec } from "../../kube/core/volume.ts";

const hostname = "kubernetes.io/hostname";

/** A node with its name as label, ready unless told otherwise. */
export function aNode(name: string, { ready = true }: { readonly ready?: boolean } = {}): Node {
  const now = "2026-01-01T00:00:00Z";
  const status = ready ? "True" : "False";
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      uid: `uid-of-${name}`,
      resourceVersion: "1",
      creationTimestamp: now,
      labels: { [hostname]: name },
    },
    status: { conditions: [{ type: "Ready", status, reason: "Told", message: "", lastTransitionTime: now }] },
  };
}

/** What a volume says that only these nodes reach. */
export function onNodes(...names: readonly string[]): Pick<VolumeSpec, "nodeAffinity"> {
  const matchExpressions = [{ key: hostname, operator: "In" as const, values: names }];
  return { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } };
}
