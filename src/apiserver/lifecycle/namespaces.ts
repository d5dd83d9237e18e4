import { assert } from "../../lib/assert.ts";
import type { JsonObject } from "../../lib/json.ts";
import { collectionOf, type Served } from "../registry.ts";
import { forbidden } from "../status.ts";
import type { Change, Collection } from "../store/collection.ts";
import { metadataOf, type Stored } from "../store/stored.ts";
import { create } from "../verbs/create.ts";
import { isTerminating, remove } from "../verbs/remove.ts";
import { rewrite } from "../verbs/rewrite.ts";
import { type Api, internalWrite, type ResourceRules } from "../verbs/verb.ts";

export const namespacesId = collectionOf("", "namespaces");

/** Namespaces that are there from the start; the first three cannot be deleted. */
const initial = ["default", "kube-system", "kube-public", "kube-node-lease"];
const permanent = initial.slice(0, 3);
const held = "kubernetes";

/** A namespace is emptied before it goes: its spec.finalizers hold it meanwhile, as in Kubernetes. */
export const namespaceRules: ResourceRules = {
  complete: (object, { old, subresource }) =>
    old && subresource !== "finalize" ? { ...object, spec: old.spec ?? {} } : object,
  beginDeletion: (object) => ({ ...object, status: { ...statusOf(object), phase: "Terminating" } }),
  holds: (object) => finalizersOf(object).length > 0,
  checkDeletion: (object) => {
    const { name } = metadataOf(object);
    if (!permanent.includes(name)) return;
    throw forbidden({ group: "", plural: "namespaces", kind: "Namespace" }, name, "this namespace may not be deleted");
  },
};

const statusOf = (object: JsonObject) => (object.status ?? {}) as JsonObject; // admitted by the schema
const finalizersOf = (object: JsonObject) =>
  ((object.spec as JsonObject | undefined)?.finalizers ?? []) as readonly string[]; // admitted by the schema

/** Creates the namespaces that are there from the start, as far as they are missing. */
export function ensureNamespaces(api: Api): void {
  const served = servedNamespaces(api);
  for (const name of initial)
    if (!api.store.collection(namespacesId).get({ namespace: "", name }))
      create(api, { served }, { metadata: { name } }, internalWrite);
}

/** Empties namespaces that are being deleted, and lets them go once nothing is left in them. */
export function emptyNamespaces(api: Api): void {
  for (const stored of terminating(api)) empty(api, stored);
  api.store.onCommit((changes) => {
    const concerned = namesOf(changes);
    if (concerned.size === 0) return;
    for (const stored of terminating(api)) if (concerned.has(stored.key.name)) empty(api, stored);
  });
}

function namesOf(changes: readonly Change[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { collection, type, stored } of changes) {
    if (collection === namespacesId) names.add(stored.key.name);
    else if (type === "DELETED") names.add(stored.key.namespace);
  }
  return names;
}

function terminating(api: Api): readonly Stored[] {
  return api.store
    .collection(namespacesId)
    .list()
    .filter((stored) => isTerminating(stored.object));
}

function empty(api: Api, namespace: Stored): void {
  let left = 0;
  for (const collection of api.store.collections()) left += emptyCollection(api, collection, namespace.key.name);
  if (left === 0 && finalizersOf(namespace.object).includes(held)) release(api, namespace);
}

/** Begins the deletion of what is in a namespace; returns how much is still there. */
function emptyCollection(api: Api, collection: Collection, namespace: string): number {
  const items = collection.list(namespace);
  const served = items.length > 0 ? api.registry.ofCollection(collection.id) : undefined;
  if (!served?.kind.namespaced) return 0;
  for (const stored of items)
    if (!isTerminating(stored.object))
      remove(api, { served, namespace, name: stored.key.name }, { dryRun: false, propagation: "Background" });
  return collection.list(namespace).length;
}

function release(api: Api, namespace: Stored): void {
  const finalizers = finalizersOf(namespace.object).filter((finalizer) => finalizer !== held);
  rewrite(api, servedNamespaces(api), namespace, { ...namespace.object, spec: { finalizers } });
}

function servedNamespaces(api: Api): Served {
  const served = api.registry.ofCollection(namespacesId);
  assert(served, "namespaces are a built-in kind");
  return served;
}
