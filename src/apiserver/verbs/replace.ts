import { equalJson, type JsonObject, stringifyJson } from "../../lib/json.ts";
import type { Managed } from "../ownership/entry.ts";
import { conflict, invalid, modifiedSince, notFound } from "../status.ts";
import { metadataOf, type Stored, type View, viewOf, withMetadata, withStatus } from "../store/stored.ts";
import { admitted, clientMetadata, givenMetadata } from "./admission.ts";
import { managedAfter, withManagers } from "./ownership.ts";
import { type Api, keyOfTarget, type ObjectTarget, type Target, type WriteOptions, type Written } from "./verb.ts";

export interface Replacement {
  /** The whole object as it is to be, in the version of the target. */
  readonly object: JsonObject;
  readonly isPatch: boolean;
  readonly options: WriteOptions;
  /** Who owns what of it, where that is decided already. */
  readonly managed?: Managed;
}

/** The current version of the object. @throws Failure "notFound" */
export function getStored(api: Api, target: ObjectTarget): Stored {
  const stored = findStored(api, target);
  if (!stored) throw notFound(target.served.kind, target.name);
  return stored;
}

export const findStored = (api: Api, target: ObjectTarget): Stored | undefined =>
  api.store.collection(target.served.collection).get(keyOfTarget(target));

/**
 * Puts a new version in place of an object, or removes it if that was its last finalizer. Nothing is written, and its
 * version stays, when nothing would change.
 *
 * @throws Failure "conflict" if `object` is of another version or uid than the stored one; "invalid"
 */
export function replace(api: Api, target: ObjectTarget, stored: Stored, replacement: Replacement): Written {
  const { served, subresource } = target;
  const old = served.view(stored).object;
  checkPreconditions(target, stored, replacement);
  const proposed = merged(target, old, replacement.object);
  const { options, isPatch, object: given } = replacement;
  const { object: valid, warnings } = admitted(api, target, proposed, { old, subresource, options, isPatch });
  const changed = withGeneration(target, valid, old);
  const owned = { given, object: changed, old, subresource, manager: options.manager };
  const object = withManagers(changed, replacement.managed ?? managedAfter(api, target, owned), old);
  const answer = (view: View): Written => ({ code: 200, view, warnings });
  const finished = isFinished(api, target, object);
  if (!finished && object === old) return answer(served.view(stored));
  if (options.dryRun) return answer(viewOf(object));
  const kept = served.toStored(object);
  const write = finished ? api.store.remove(served.collection, kept) : api.store.put(served.collection, kept);
  return answer(served.view(write));
}

/** True when an object that is being deleted has nothing left that holds it. */
export function isFinished(api: Api, { served }: Target, object: JsonObject): boolean {
  const { deletionTimestamp, finalizers = [] } = metadataOf(object);
  if (!deletionTimestamp || finalizers.length > 0) return false;
  return !api.rules.get(served.collection)?.holds?.(object);
}

function checkPreconditions(target: ObjectTarget, stored: Stored, { object, isPatch }: Replacement): void {
  const { kind } = target.served;
  const given = givenMetadata(object);
  const uid = given.uid;
  if (uid && uid !== stored.metadata.uid) {
    if (isPatch) throw invalid(kind, target.name, [immutable("metadata.uid", uid)]);
    throw conflict(kind, target.name, uidDiffers(uid, stored.metadata.uid));
  }
  const version = given.resourceVersion;
  if (version !== undefined && version !== null && version !== "" && version !== "0") {
    if (version !== String(stored.revision)) throw conflict(kind, target.name, modifiedSince);
  } else if (!kind.unconditionalUpdate) {
    const message = "Invalid value: 0: must be specified for an update";
    throw invalid(kind, target.name, [{ field: "metadata.resourceVersion", reason: "FieldValueInvalid", message }]);
  }
}

export const uidDiffers = (wanted: unknown, found: string) =>
  `Precondition failed: UID in precondition: ${String(wanted)}, UID in object meta: ${found}`;

const immutable = (field: string, value: unknown) => ({
  field,
  reason: "FieldValueInvalid",
  message: `Invalid value: ${stringifyJson(value)}: field is immutable`,
});

/** Takes from the new object what its endpoint may change, and from the old one the rest. */
function merged(target: ObjectTarget, old: JsonObject, object: JsonObject): JsonObject {
  const { served, subresource } = target;
  if (subresource === "status") {
    const metadata = served.custom ? metadataOf(old) : keptMetadata(object, old);
    return withStatus(withMetadata(old, metadata), object.status);
  }
  const proposed = withMetadata(object, keptMetadata(object, old));
  return served.kind.hasStatus ? withStatus(proposed, old.status) : proposed;
}

/** What no client can change in metadata. */
function keptMetadata(object: JsonObject, old: JsonObject) {
  const given = clientMetadata(object);
  const kept = metadataOf(old);
  return {
    ...given,
    name: kept.name,
    ...(kept.namespace !== undefined && { namespace: kept.namespace }),
    ...(kept.generateName !== undefined && { generateName: kept.generateName }),
    uid: kept.uid,
    ...(kept.resourceVersion !== undefined && { resourceVersion: kept.resourceVersion }),
    ...(kept.generation !== undefined && { generation: kept.generation }),
    creationTimestamp: kept.creationTimestamp,
    ...(kept.deletionTimestamp !== undefined && { deletionTimestamp: kept.deletionTimestamp }),
    ...(kept.deletionGracePeriodSeconds !== undefined && {
      deletionGracePeriodSeconds: kept.deletionGracePeriodSeconds,
    }),
  };
}

/** The generation rises with any change outside metadata and status. */
function withGeneration({ served }: ObjectTarget, object: JsonObject, old: JsonObject): JsonObject {
  if (!served.kind.hasGeneration) return object;
  const ignored = served.kind.hasStatus ? ["metadata", "status"] : ["metadata"];
  const isSame = equalJson(without(object, ignored), without(old, ignored));
  if (isSame) return object;
  const metadata = metadataOf(object);
  return withMetadata(object, { ...metadata, generation: (metadataOf(old).generation ?? 0) + 1 });
}

const without = (object: JsonObject, fields: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)));
