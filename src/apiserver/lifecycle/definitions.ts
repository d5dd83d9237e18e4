import { assert } from "../../lib/assert.ts";
import type { Clock } from "../../lib/clock.ts";
import { equalJson, type JsonObject } from "../../lib/json.ts";
import { checkCrd, crdStatus, kindsOf, terminatingStatus } from "../crd/crd.ts";
import type { Converters } from "../crd/custom-kind.ts";
import { collectionOf, type Served } from "../registry.ts";
import type { Change } from "../store/collection.ts";
import type { Store } from "../store/store.ts";
import { metadataOf, type Stored, withMetadata } from "../store/stored.ts";
import { create } from "../verbs/create.ts";
import { isTerminating, remove } from "../verbs/remove.ts";
import { replace } from "../verbs/replace.ts";
import { rewrite } from "../verbs/rewrite.ts";
import { type Api, internalWrite, type ResourceRules } from "../verbs/verb.ts";
import type { WatchHub } from "../watch/hub.ts";

export const definitionsId = collectionOf("apiextensions.k8s.io", "customresourcedefinitions");

/** Holds a definition until its objects are gone; Kubernetes' own name for it. */
const cleanup = "customresourcecleanup.apiextensions.k8s.io";

/** What a definition says is checked as a whole, and its status follows its spec. */
export function definitionRules(store: Store, clock: Clock): ResourceRules {
  const others = (definition: JsonObject) =>
    store
      .collection(definitionsId)
      .list()
      .filter((stored) => stored.key.name !== metadataOf(definition).name)
      .map((stored) => stored.object);
  return {
    check: (definition, { old, subresource }) => (subresource ? [] : checkCrd(definition, old)),
    complete: (definition, { old, subresource }) => {
      if (subresource || (old && equalJson(old.spec, definition.spec))) return definition;
      const withStatus = { ...definition, status: crdStatus(definition, others(definition), clock.now()) };
      return old ? withStatus : withCleanup(withStatus);
    },
  };
}

function withCleanup(definition: JsonObject): JsonObject {
  const metadata = metadataOf(definition);
  const others = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== cleanup);
  return withMetadata(definition, { ...metadata, finalizers: [...others, cleanup] });
}

type ServingApi = Api & { readonly hub: WatchHub; readonly converters: Converters };

/**
 * Serves the kinds of the definitions there are, of each new one from the moment its creation is durable, and of none that
 * is gone. The objects of a definition that is being deleted are deleted first.
 */
export function serveDefinitions(api: ServingApi): void {
  for (const stored of api.store.collection(definitionsId).list()) serve(api, stored, undefined);
  api.store.onCommit((changes) => {
    for (const change of changes) if (change.collection === definitionsId) follow(api, change);
    for (const stored of terminating(api)) if (concerns(changes, stored)) emptyOut(api, stored);
  });
}

/** Goes on with what a crash may have interrupted. To be called when everything else is in place. */
export function resumeDefinitions(api: Api): void {
  for (const stored of terminating(api)) emptyOut(api, stored);
}

/** Creates or updates definitions, so that their kinds are served. @throws Failure "invalid" for one that is wrong */
export async function ensureDefinitions(api: Api, definitions: readonly JsonObject[]): Promise<void> {
  for (const definition of definitions) ensure(api, definition);
  await api.store.settled();
}

function ensure(api: Api, definition: JsonObject): void {
  const target = { served: servedDefinitions(api), name: metadataOf(definition).name };
  const stored = api.store.collection(definitionsId).get({ namespace: "", name: target.name });
  if (!stored) return void create(api, target, definition, internalWrite);
  const { labels, annotations } = metadataOf(definition);
  const metadata = {
    ...stored.metadata,
    ...(labels && { labels: { ...stored.metadata.labels, ...labels } }),
    ...(annotations && { annotations: { ...stored.metadata.annotations, ...annotations } }),
  };
  const object = withMetadata({ ...stored.object, spec: definition.spec }, metadata);
  replace(api, target, stored, { object, isPatch: false, options: internalWrite });
}

function follow(api: ServingApi, { type, stored, previous }: Change): void {
  if (type === "DELETED") {
    api.registry.withdraw(stored.key.name);
    endWatches(api);
  } else serve(api, stored, previous);
}

function serve(api: ServingApi, stored: Stored, previous: Stored | undefined): void {
  if (!isEstablished(stored.object)) return;
  if (previous && isEstablished(previous.object) && equalJson(previous.object.spec, stored.object.spec)) return;
  api.registry.serve(stored.key.name, kindsOf(stored.object, api.converters.get(stored.key.name)), stored.revision);
  endWatches(api);
}

/** Ends the watches of versions that are no longer served. */
function endWatches({ hub, registry }: ServingApi): void {
  hub.end(({ served }) => registry.find(served.kind) === undefined);
}

function isEstablished(definition: JsonObject): boolean {
  const status = definition.status as { conditions?: readonly JsonObject[] } | undefined; // we wrote it
  return (status?.conditions ?? []).some(({ type, status }) => type === "Established" && status === "True");
}

const terminating = (api: Api) =>
  api.store
    .collection(definitionsId)
    .list()
    .filter((stored) => isTerminating(stored.object));

function concerns(changes: readonly Change[], definition: Stored): boolean {
  const own = collectionOfDefinition(definition);
  return changes.some(
    ({ collection, stored }) =>
      collection === own || (collection === definitionsId && stored.key.name === definition.key.name),
  );
}

function collectionOfDefinition(definition: Stored): string {
  const [plural = "", ...group] = definition.key.name.split("."); // its name is checked to be PLURAL.GROUP
  return collectionOf(group.join("."), plural);
}

function emptyOut(api: Api, definition: Stored): void {
  const collection = api.store.collection(collectionOfDefinition(definition));
  const served = api.registry.ofCollection(collection.id);
  for (const stored of served ? collection.list() : [])
    if (served && !isTerminating(stored.object)) removeOne(api, served, stored);
  if (collection.size > 0 && served) {
    sayTerminating(api, definition);
    return;
  }
  const { finalizers = [], ...metadata } = definition.metadata;
  if (!finalizers.includes(cleanup)) return;
  const left = finalizers.filter((finalizer) => finalizer !== cleanup);
  const object = withMetadata(definition.object, { ...metadata, ...(left.length > 0 && { finalizers: left }) });
  rewrite(api, servedDefinitions(api), definition, object);
}

function sayTerminating(api: Api, definition: Stored): void {
  const status = terminatingStatus(definition.object, api.clock.now());
  if (status) rewrite(api, servedDefinitions(api), definition, { ...definition.object, status });
}

function removeOne(api: Api, served: Served, { key }: Stored): void {
  const at = served.kind.namespaced ? { namespace: key.namespace } : {};
  remove(api, { served, ...at, name: key.name }, { dryRun: false });
}

function servedDefinitions(api: Api): Served {
  const served = api.registry.ofCollection(definitionsId);
  assert(served, "custom resource definitions are a built-in kind");
  return served;
}
