import type { Cache } from "../../kube/cache/cache.ts";
import type { Claim } from "../../kube/core/claim.ts";
import { selectedNodeAnnotation } from "../../kube/core/names.ts";
import type { CsiNode, Node } from "../../kube/core/node.ts";
import type { StorageClass } from "../../kube/core/storage-class.ts";

/** Labels that say where a volume can be reached. */
export type Segments = Readonly<Record<string, string>>;

/** Where a volume may be made. */
export type Places =
  | { readonly kind: "anywhere" }
  | { readonly kind: "somewhere"; readonly requisite: readonly Segments[] }
  | { readonly kind: "nowhere"; readonly problem: string };

export interface Nodes {
  readonly nodes: Pick<Cache<Node>, "get" | "list">;
  readonly csiNodes: Pick<Cache<CsiNode>, "get" | "list">;
}

interface Where {
  readonly driver: string;
  readonly nodes: Nodes;
  /** The only node that volumes are made on here; every node of the driver's unless it is given. */
  readonly nodeName?: string | undefined;
}

/**
 * The places for a claim's volume: the node of its first consumer where there is one, else every node that has the
 * driver and that the class allows.
 */
export function placesFor(claim: Claim, storageClass: StorageClass, where: Where): Places {
  const { driver, nodes, nodeName } = where;
  const selected = claim.metadata.annotations?.[selectedNodeAnnotation] ?? nodeName;
  const candidates = selected === undefined ? nodes.csiNodes.list().map(({ metadata }) => metadata.name) : [selected];
  const found = candidates
    .map((name) => segmentsOf(name, driver, nodes))
    .filter((segments): segments is Segments => segments !== undefined);
  if (found.length === 0) {
    const where = selected === undefined ? "no node has" : `node "${selected}", which its consumer runs on, has not`;
    return { kind: "nowhere", problem: `${where} registered driver ${driver}: start the driver on a node` };
  }
  const allowed = found.filter((segments) => isAllowed(storageClass, segments));
  if (allowed.length === 0)
    return {
      kind: "nowhere",
      problem: `allowedTopologies of StorageClass "${storageClass.metadata.name}" allows none of the driver's nodes`,
    };
  return { kind: "somewhere", requisite: distinct(allowed) };
}

/** The nodes that could have a volume of the class. Where the class allows none, all: one of them has to say so. */
export function nodesFor(storageClass: StorageClass | undefined, { driver, nodes }: Where): readonly string[] {
  const all = nodes.csiNodes.list().flatMap(({ metadata: { name } }) => {
    const segments = segmentsOf(name, driver, nodes);
    return segments ? [{ name, isAllowed: !storageClass || isAllowed(storageClass, segments) }] : [];
  });
  const allowed = all.filter((node) => node.isAllowed);
  return (allowed.length > 0 ? allowed : all).map(({ name }) => name);
}

/** The place of a node, as its volumes know it; undefined while the driver does not serve there. */
export function segmentsOf(nodeName: string, driver: string, { nodes, csiNodes }: Nodes): Segments | undefined {
  const entry = csiNodes.get(nodeName)?.spec.drivers?.find(({ name }) => name === driver);
  const labels = nodes.get(nodeName)?.metadata.labels;
  if (!entry || !labels) return undefined;
  const pairs = (entry.topologyKeys ?? []).map((key) => [key, labels[key]] as const);
  return pairs.every(([, value]) => value !== undefined) ? (Object.fromEntries(pairs) as Segments) : undefined; // just checked
}

function isAllowed(storageClass: StorageClass, segments: Segments): boolean {
  const terms = storageClass.allowedTopologies ?? [];
  if (terms.length === 0) return true;
  return terms.some((term) =>
    (term.matchLabelExpressions ?? []).every(({ key, values }) => values.includes(segments[key] ?? "")),
  );
}

function distinct(all: readonly Segments[]): readonly Segments[] {
  const keyed = all.map(
    (segments) => [JSON.stringify(Object.entries(segments).sort(([a], [b]) => a.localeCompare(b))), segments] as const,
  );
  return [...new Map(keyed).values()];
}
