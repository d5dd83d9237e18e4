import { publishedPathAnnotation } from "../../api/local-driver.ts";
import type { ObserveContext } from "../../kube/controller/controller.ts";
import type { Claim } from "../../kube/core/claim.ts";
import { bindCompletedAnnotation } from "../../kube/core/names.ts";
import { defaultClassOf, type StorageClass } from "../../kube/core/storage-class.ts";
import { type Volume, volumes } from "../../kube/core/volume.ts";
import { keyOf } from "../../kube/object.ts";
import { byClaim, freeByClass, type NodeDeps, podsByClaim } from "../deps.ts";

/** Every fact from which it is decided which volume a claim gets. */
export interface BindingSeen {
  readonly claim: Claim;
  readonly storageClass: StorageClass | undefined;
  readonly defaultClass: StorageClass | undefined;
  /** The volume that the claim names. */
  readonly named: Volume | undefined;
  /** Volumes that are for this claim: made for it, or given to it by a user. */
  readonly reserved: readonly Volume[];
  /** Volumes of its class that are for nobody. */
  readonly free: readonly Volume[];
  /** Why the claim must stay while it is being deleted. */
  readonly inUse: "published" | "pods" | undefined;
  readonly node: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
}

export async function observeBinding(claim: Claim, context: ObserveContext, deps: NodeDeps): Promise<BindingSeen> {
  const { caches, options } = deps;
  const key = keyOf(claim.metadata);
  const className = claim.spec.storageClassName;
  return {
    claim,
    storageClass: className ? caches.storageClasses.get(className) : undefined,
    defaultClass: defaultClassOf(caches.storageClasses.list()),
    named: await namedVolume(claim, context, deps),
    reserved: caches.volumes.by(byClaim, key).filter((volume) => isFor(volume, claim)),
    free: caches.volumes.by(freeByClass, className ?? ""),
    inUse: inUse(claim, deps),
    node: { name: options.nodeName, labels: options.nodeLabels },
  };
}

/** A claim that has a volume for good is lost without it, so its absence is believed only when read live. */
async function namedVolume(claim: Claim, { client, signal }: ObserveContext, { caches }: NodeDeps) {
  const name = claim.spec.volumeName;
  if (!name) return undefined;
  const cached = caches.volumes.get(name);
  if (cached || !claim.metadata.annotations?.[bindCompletedAnnotation]) return cached;
  return client.find(volumes, { name }, { signal });
}

/** A volume is for the claim that it names; by its uid once it has one. */
function isFor({ spec: { claimRef } }: Volume, { metadata }: Claim): boolean {
  const isNamed = claimRef?.namespace === metadata.namespace && claimRef?.name === metadata.name;
  return isNamed && (!claimRef.uid || claimRef.uid === metadata.uid);
}

function inUse(claim: Claim, { caches, records }: NodeDeps): BindingSeen["inUse"] {
  const isPublished = claim.metadata.annotations?.[publishedPathAnnotation] !== undefined;
  if (isPublished || records.get(claim.metadata.uid)) return "published";
  return caches.pods.by(podsByClaim, keyOf(claim.metadata)).length > 0 ? "pods" : undefined;
}
