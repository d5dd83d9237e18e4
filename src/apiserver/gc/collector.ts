import { groupOf } from "../../kube/object.ts";
import { isFailure } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import type { Registry, Served } from "../registry.ts";
import type { Change } from "../store/collection.ts";
import { metadataOf, type OwnerReference, type Stored, withMetadata } from "../store/stored.ts";
import { foregroundFinalizer, isTerminating, orphanFinalizer, type Propagation, remove } from "../verbs/remove.ts";
import { rewrite } from "../verbs/rewrite.ts";
import type { Api } from "../verbs/verb.ts";
import { OwnerGraph, type Place } from "./owner-graph.ts";

/**
 * Deletes objects whose owners are all gone, as Kubernetes' garbage collector does, but at once:
 * - an object goes when the last of its owners is gone; one that has others left loses the reference only;
 * - Foreground: an owner stays until every dependent that blocks it is gone;
 * - Orphan: the dependents lose the reference, then the owner goes;
 * - an owner of a kind that is not served here counts as alive, since nobody can know.
 * Started on a store with a past, it first does what was left undone.
 */
export function collectGarbage(api: Api, log: Logger): void {
  const collector = new Collector(api, log);
  for (const collection of api.store.collections())
    for (const stored of collection.list()) collector.graph.add(collection.id, stored);
  for (const collection of api.store.collections())
    for (const stored of collection.list()) collector.visit({ collection: collection.id, key: stored.key });
  api.store.onCommit((changes) => collector.follow(changes));
}

class Collector {
  readonly graph = new OwnerGraph();
  readonly #api: Api;
  readonly #log: Logger;

  constructor(api: Api, log: Logger) {
    this.#api = api;
    this.#log = log;
  }

  follow(changes: readonly Change[]): void {
    for (const change of changes) this.graph.follow(change);
    for (const { type, collection, stored, previous } of changes) {
      if (type !== "DELETED") this.visit({ collection, key: stored.key });
      else for (const place of this.graph.dependentsOf(stored.metadata.uid)) this.visit(place);
      for (const owner of previous?.metadata.ownerReferences ?? []) this.#visitUid(owner.uid);
    }
  }

  /** Does what an object's owners, or its own deletion, ask for. */
  visit(place: Place): void {
    const found = this.#find(place);
    if (!found) return;
    const { stored, served } = found;
    const { finalizers = [], uid } = stored.metadata;
    if (!isTerminating(stored.object)) this.#judge(served, stored);
    else if (finalizers.includes(orphanFinalizer)) this.#orphan(served, stored);
    else if (finalizers.includes(foregroundFinalizer)) {
      for (const dependent of this.graph.dependentsOf(uid)) if (!this.#isTerminating(dependent)) this.visit(dependent);
      if (!this.#isBlocked(uid)) this.#dropFinalizer(served, stored, foregroundFinalizer);
    }
  }

  #visitUid(uid: string): void {
    const place = this.graph.place(uid);
    if (place) this.visit(place);
  }

  /** Deletes an object that no owner keeps, or takes the owners off it that are gone while others keep it. */
  #judge(served: Served, stored: Stored): void {
    const { ownerReferences = [], uid } = stored.metadata;
    if (ownerReferences.length === 0) return;
    const states = ownerReferences.map((reference) => ({ reference, state: this.#stateOf(reference, stored) }));
    const gone = states.filter(({ state }) => state !== "alive");
    if (gone.length === 0) return;
    if (gone.length < states.length) {
      this.#keepOwners(served, stored, (reference) => !gone.some((one) => one.reference === reference));
      return;
    }
    const isWaitedFor = states.some(({ state }) => state === "leaving");
    const hasDependents = this.graph.dependentsOf(uid).length > 0;
    this.#remove(served, stored, isWaitedFor && hasDependents ? "Foreground" : undefined);
  }

  /** "leaving": it waits for its dependents to go first. */
  #stateOf(reference: OwnerReference, dependent: Stored): "alive" | "leaving" | "gone" {
    const place = this.graph.place(reference.uid);
    const found = place && this.#find(place);
    if (!found) return isServed(this.#api.registry, reference) ? "gone" : "alive";
    const { namespace } = found.stored.key;
    if (namespace !== "" && namespace !== dependent.key.namespace) return "gone"; // owners live in the same namespace
    const { finalizers = [] } = found.stored.metadata;
    return isTerminating(found.stored.object) && finalizers.includes(foregroundFinalizer) ? "leaving" : "alive";
  }

  #remove(served: Served, stored: Stored, propagation: Propagation | undefined): void {
    const { namespace, name } = stored.key;
    const target = { served, ...(served.kind.namespaced && { namespace }), name };
    try {
      remove(this.#api, target, { dryRun: false, uid: stored.metadata.uid, ...(propagation && { propagation }) });
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.#log.warn({ err: error, kind: served.kind.kind, namespace, name }, "garbage stays");
    }
  }

  #orphan(served: Served, stored: Stored): void {
    const { uid } = stored.metadata;
    for (const place of this.graph.dependentsOf(uid)) {
      const found = this.#find(place);
      if (found) this.#keepOwners(found.served, found.stored, (reference) => reference.uid !== uid);
    }
    this.#dropFinalizer(served, stored, orphanFinalizer);
  }

  #isBlocked(uid: string): boolean {
    return this.graph.dependentsOf(uid).some((place) => {
      const references = this.#find(place)?.stored.metadata.ownerReferences ?? [];
      return references.some((reference) => reference.uid === uid && reference.blockOwnerDeletion === true);
    });
  }

  #isTerminating(place: Place): boolean {
    const found = this.#find(place);
    return found !== undefined && isTerminating(found.stored.object);
  }

  #keepOwners(served: Served, stored: Stored, isKept: (reference: OwnerReference) => boolean): void {
    const { ownerReferences = [], ...metadata } = stored.metadata;
    const kept = ownerReferences.filter(isKept);
    if (kept.length === ownerReferences.length) return;
    const left = { ...metadata, ...(kept.length > 0 && { ownerReferences: kept }) };
    rewrite(this.#api, served, stored, withMetadata(stored.object, left));
  }

  #dropFinalizer(served: Served, stored: Stored, finalizer: string): void {
    const { finalizers = [], ...metadata } = metadataOf(stored.object);
    const kept = finalizers.filter((name) => name !== finalizer);
    const left = { ...metadata, ...(kept.length > 0 && { finalizers: kept }) };
    rewrite(this.#api, served, stored, withMetadata(stored.object, left));
  }

  #find({ collection, key }: Place): { readonly stored: Stored; readonly served: Served } | undefined {
    const stored = this.#api.store.collection(collection).get(key);
    const served = this.#api.registry.ofCollection(collection);
    return stored && served ? { stored, served } : undefined;
  }
}

function isServed(registry: Registry, { apiVersion, kind }: OwnerReference): boolean {
  const group = groupOf(apiVersion);
  return registry.kinds().some((served) => served.group === group && served.kind === kind);
}
