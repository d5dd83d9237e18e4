import { labelValueLimit } from "../../api/labels.ts";
import type { Node } from "../../kube/core/node.ts";
import { meetsOneOf } from "../../kube/core/node-selector.ts";
import type { Volume } from "../../kube/core/volume.ts";

/** Where a sidecar must run to reach volumes: anywhere, on this node, or nowhere, and why. */
export type Place =
  | { readonly is: "anywhere" }
  | { readonly is: "node"; readonly name: string }
  | { readonly is: "nowhere"; readonly why: string };

/**
 * The node whose sidecar is to snapshot volumes that are local to nodes, by their affinities. Of several that reach all of
 * them one that is ready comes first, and then the first by name, so that whoever looks again finds the same.
 */
export function placeOf(volumes: readonly Volume[], nodes: readonly Node[]): Place {
  const local = volumes.filter((volume) => termsOf(volume) !== undefined);
  if (local.length === 0) return { is: "anywhere" };
  const reaching = nodes.filter((node) => local.every((volume) => reaches(node, volume)));
  const [first] = reaching.toSorted(
    (a, b) => Number(isReady(b)) - Number(isReady(a)) || (a.metadata.name < b.metadata.name ? -1 : 1),
  );
  if (!first) return { is: "nowhere", why: whyNowhere(local, nodes) };
  const { name } = first.metadata;
  if (name.length <= labelValueLimit) return { is: "node", name };
  return {
    is: "nowhere",
    why: `the name of node "${name}" has more than the ${labelValueLimit} characters of a label, by which its sidecar would know its work`,
  };
}

const termsOf = ({ spec }: Volume) => spec.nodeAffinity?.required?.nodeSelectorTerms;

function reaches(node: Node, volume: Volume): boolean {
  return meetsOneOf(termsOf(volume) ?? [], node.metadata);
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
}

/** More volumes than this make no message better. */
const volumesShown = 5;

function whyNowhere(volumes: readonly Volume[], nodes: readonly Node[]): string {
  const places = volumes.slice(0, volumesShown).map((volume) => {
    const names = nodes.filter((node) => reaches(node, volume)).map(({ metadata }) => metadata.name);
    return `"${volume.spec.claimRef?.name ?? volume.metadata.name}" from ${names.length > 0 ? names.toSorted().slice(0, volumesShown).join(", ") : "no node"}`;
  });
  const more = volumes.length > volumesShown ? ` and ${volumes.length - volumesShown} more` : "";
  return `no node reaches ${volumes.length === 1 ? "its volume" : "all volumes"} (${places.join("; ")}${more})`;
}
