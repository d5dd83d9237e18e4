import { createHash } from "node:crypto";
import type { Claim } from "../../kube/core/claim.ts";
import { selectedNodeAnnotation } from "../../kube/core/names.ts";

/** Where every node has a provisioner of its own: whether it is this one that makes the claim's volume. */
export type Turn =
  /** The claim names this node. */
  | { readonly kind: "ours" }
  /** It names another, or can have no volume here. */
  | { readonly kind: "others" }
  /** It names none, and this node may take it. */
  | { readonly kind: "free" }
  /** Others come first. */
  | { readonly kind: "later"; readonly delayMs: number };

/** For how long a node that comes first may leave a claim alone before the next one takes it. */
const patienceMs = 10_000;

/**
 * A claim goes to the node of its pod. One that no pod waits for is offered to the nodes that could have it, one after the
 * other, in an order of its own: so claims are spread, nodes do not compete, and one whose provisioner is gone is passed over.
 */
export function turnOf(
  { metadata }: Claim,
  here: { readonly nodeName: string; readonly candidates: readonly string[]; readonly now: Date },
): Turn {
  const selected = metadata.annotations?.[selectedNodeAnnotation];
  if (selected !== undefined) return { kind: selected === here.nodeName ? "ours" : "others" };
  const rank = rankedFor(metadata.uid, here.candidates).indexOf(here.nodeName);
  if (rank < 0) return { kind: "others" };
  const ageMs = here.now.getTime() - Date.parse(metadata.creationTimestamp);
  const delayMs = rank * patienceMs - ageMs;
  return delayMs > 0 ? { kind: "later", delayMs } : { kind: "free" };
}

function rankedFor(uid: string, nodes: readonly string[]): readonly string[] {
  const weight = (node: string) => createHash("sha256").update(`${uid} ${node}`).digest("hex");
  const weighed = nodes.map((node) => [weight(node), node] as const);
  return weighed.toSorted(([a], [b]) => a.localeCompare(b)).map(([, node]) => node);
}
