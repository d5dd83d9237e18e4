import type { JsonObject } from "../../lib/json.ts";
import type { Managed } from "../ownership/entry.ts";
import { collectionOf } from "../registry.ts";
import { alreadyExists, badRequest, forbidden, notFound } from "../status.ts";
import { metadataOf, type View, viewOf, withStatus } from "../store/stored.ts";
import { admitted, clientMetadata, givenMetadata, identified } from "./admission.ts";
import { managedAfter, withManagers } from "./ownership.ts";
import { type Api, type Target, timestamp, type WriteOptions, type Written } from "./verb.ts";

/** Kubernetes' own number of tries for a generated name that is taken. */
const generatedNameTries = 8;

/** Creates one object. @throws Failure "exists", "invalid", "notFound" or "forbidden" for its namespace */
export function create(api: Api, target: Target, body: JsonObject, options: WriteOptions): Written {
  return createOwned(api, target, { object: identified(target, body), options });
}

export interface Creation {
  readonly object: JsonObject;
  readonly options: WriteOptions;
  /** Who owns what of it, where that is decided already. */
  readonly managed?: Managed;
}

/** @throws Failure as `create` */
export function createOwned(api: Api, target: Target, { object, options, managed }: Creation): Written {
  if (givenMetadata(object).resourceVersion)
    throw badRequest("resourceVersion should not be set on objects to be created");
  checkNamespace(api, target, object);
  checkDefinition(api, target, object);
  const tries = givenMetadata(object).name ? 1 : generatedNameTries;
  for (let i = 1; ; i++) {
    const { object: fresh, warnings } = admitted(api, target, prepared(api, target, object), { options });
    const { name } = metadataOf(fresh);
    const taken = isTaken(api, target, name);
    if (!taken) {
      const write = { given: object, object: fresh, manager: options.manager };
      const owned = withManagers(fresh, managed ?? managedAfter(api, target, write));
      return { code: 201, view: store(api, target, owned, options), warnings };
    }
    if (i === tries) throw alreadyExists(target.served.kind, name);
  }
}

function store(api: Api, { served }: Target, object: JsonObject, { dryRun }: WriteOptions): View {
  return dryRun ? viewOf(object) : served.view(api.store.put(served.collection, served.toStored(object)));
}

/** The object with the metadata that only the server sets, and without the status that only /status sets. */
function prepared(api: Api, { served, namespace }: Target, object: JsonObject): JsonObject {
  const given = clientMetadata(object);
  const metadata: JsonObject = {
    ...given,
    ...(!given.name && given.generateName ? { name: generatedName(api, String(given.generateName)) } : {}),
    ...(namespace === undefined ? {} : { namespace }),
    uid: api.random.uuid(),
    ...(served.kind.hasGeneration ? { generation: 1 } : {}),
    creationTimestamp: timestamp(api.clock.now()),
  };
  return { ...(served.kind.hasStatus ? withStatus(object, undefined) : object), metadata };
}

/** Without vowels and look-alikes, as Kubernetes makes them: no words by accident. */
const nameCharacters = "bcdfghjklmnpqrstvwxz2456789";
/** A generated name may be 63 characters with its five random ones. */
const prefixLimit = 58;

function generatedName(api: Api, prefix: string): string {
  const pick = () => nameCharacters.charAt(Math.floor(api.random.next() * nameCharacters.length));
  return prefix.slice(0, prefixLimit) + Array.from({ length: 5 }, pick).join("");
}

function isTaken(api: Api, { served, namespace }: Target, name: string): boolean {
  return api.store.collection(served.collection).get({ namespace: namespace ?? "", name }) !== undefined;
}

const namespaces = collectionOf("", "namespaces");

function checkNamespace(api: Api, target: Target, object: JsonObject): void {
  if (target.namespace === undefined) return;
  const stored = api.store.collection(namespaces).get({ namespace: "", name: target.namespace });
  if (!stored) throw notFound({ group: "", plural: "namespaces", kind: "Namespace" }, target.namespace);
  if (!stored.metadata.deletionTimestamp) return;
  const name = String(givenMetadata(object).name ?? "");
  const why = `unable to create new content in namespace ${target.namespace} because it is being terminated`;
  throw forbidden(target.served.kind, name, why, [
    {
      reason: "NamespaceTerminating",
      message: `namespace ${target.namespace} is being terminated`,
      field: "metadata.namespace",
    },
  ]);
}

const definitions = collectionOf("apiextensions.k8s.io", "customresourcedefinitions");

/** While a definition is being deleted its objects are emptied out, so none may come in. */
function checkDefinition(api: Api, { served }: Target, object: JsonObject): void {
  if (!served.custom) return;
  const name = `${served.kind.plural}.${served.kind.group}`;
  const definition = api.store.collection(definitions).get({ namespace: "", name });
  if (!definition || !metadataOf(definition.object).deletionTimestamp) return;
  const why = "create not allowed while custom resource definition is terminating";
  throw forbidden(served.kind, String(givenMetadata(object).name ?? ""), why);
}
