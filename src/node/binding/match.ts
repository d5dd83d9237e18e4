import type { Claim } from "../../kube/core/claim.ts";
import { meetsOneOf } from "../../kube/core/node-selector.ts";
import type { Volume } from "../../kube/core/volume.ts";
import { matches } from "../../kube/object.ts";
import { parseQuantity } from "../../kube/quantity.ts";

interface NodeAt {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The smallest free volume that serves the claim on this node. A claim that is to start with data gets none: volumes
 * that exist hold other data.
 */
export function bestMatch(claim: Claim, free: readonly Volume[], node: NodeAt): Volume | undefined {
  if (claim.spec.dataSource ?? claim.spec.dataSourceRef) return undefined;
  return free
    .filter((volume) => volume.spec.claimRef === undefined && !volume.metadata.deletionTimestamp)
    .filter((volume) => whyNot(claim, volume) === undefined && isReachable(volume, node))
    .sort((a, b) => compare(sizeOf(a), sizeOf(b)) || a.metadata.name.localeCompare(b.metadata.name))[0];
}

/** Why this volume cannot serve the claim, or undefined when it can. */
export function whyNot({ spec }: Claim, volume: Volume): string | undefined {
  const { name, labels = {} } = volume.metadata;
  const has = volume.spec;
  const [wantedClass, hasClass] = [spec.storageClassName ?? "", has.storageClassName ?? ""];
  if (wantedClass !== hasClass) return `volume "${name}" is of class "${hasClass}", the claim of "${wantedClass}"`;
  const [wantedMode, hasMode] = [spec.volumeMode ?? "Filesystem", has.volumeMode ?? "Filesystem"];
  if (wantedMode !== hasMode) return `volume "${name}" is ${hasMode}, spec.volumeMode of the claim is ${wantedMode}`;
  const missing = spec.accessModes?.find((mode) => !has.accessModes?.includes(mode));
  if (missing) return `volume "${name}" lacks access mode ${missing}`;
  const wantedSize = spec.resources?.requests?.storage ?? "0";
  if (sizeOf(volume) < parseQuantity(wantedSize))
    return `volume "${name}" has ${has.capacity?.storage}, the claim asks for ${wantedSize}`;
  if (spec.selector && !matches(spec.selector, labels)) return `spec.selector does not match volume "${name}"`;
  return undefined;
}

function sizeOf({ spec }: Volume): bigint {
  return parseQuantity(spec.capacity?.storage ?? "0");
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isReachable({ spec }: Volume, node: NodeAt): boolean {
  const terms = spec.nodeAffinity?.required.nodeSelectorTerms;
  return !terms || meetsOneOf(terms, node);
}
