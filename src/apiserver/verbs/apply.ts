import type { Json, JsonObject } from "../../lib/json.ts";
import { shapeErrors, shapeErrorText } from "../fields/check.ts";
import { applied } from "../ownership/apply.ts";
import { conflictCauses, conflictMessage } from "../ownership/conflict.ts";
import { type Managed, managedOf, nobody } from "../ownership/entry.ts";
import { kubectl, withLastApplied, withoutOwnPast } from "../ownership/last-applied.ts";
import { afterUpdate } from "../ownership/update.ts";
import type { Versions } from "../ownership/versions.ts";
import { applyConflict, badRequest, conflict, notFound, unknownError } from "../status.ts";
import { metadataOf, type Stored, withMetadata } from "../store/stored.ts";
import { givenMetadata, identified } from "./admission.ts";
import { createOwned } from "./create.ts";
import { emptyObject, versionsOf } from "./ownership.ts";
import { replace } from "./replace.ts";
import {
  type Api,
  apiVersionOf,
  keyOfTarget,
  type ObjectTarget,
  timestamp,
  type WriteOptions,
  type Written,
} from "./verb.ts";

export interface ApplyRequest {
  /** What the manager wants of the object, as it was parsed. */
  readonly config: Json;
  /** Takes fields away from other managers. */
  readonly force: boolean;
}

/** The manager of what was there before anybody's fields were counted. */
const beforeFirstApply = "before-first-apply";

/**
 * Makes an object as one manager wants it, and leaves to others what they want of it; creates it if there is none.
 *
 * @throws Failure "conflict" that names the fields others own and the configuration would change, unless `force`; "invalid"
 */
export function apply(api: Api, target: ObjectTarget, request: ApplyRequest, options: WriteOptions): Written {
  const config = checkedConfig(target, request.config);
  const { served, subresource } = target;
  const stored = api.store.collection(served.collection).get(keyOfTarget(target));
  const { object, managed } = decide(api, target, { ...request, config, stored, manager: options.manager });
  const proposed = identified(target, object);
  checkName(target, proposed);
  if (stored) return replace(api, target, stored, { object: proposed, managed, isPatch: true, options });
  if (subresource) throw notFound(served.kind, target.name);
  const { uid, resourceVersion: _, ...metadata } = givenMetadata(proposed);
  if (uid) throw conflict(served.kind, target.name, uidWithoutObject(String(uid)));
  options.demandCreate?.();
  return createOwned(api, target, { object: { ...proposed, metadata }, managed, options });
}

const uidWithoutObject = (uid: string) =>
  `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;

function checkedConfig({ served: { kind } }: ObjectTarget, config: Json): JsonObject {
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw badRequest("error decoding patch: a configuration to apply must be an object");
  const object = config as JsonObject; // neither a scalar nor an array
  const apiVersion = apiVersionOf(kind);
  if (object.apiVersion !== apiVersion || object.kind !== kind.kind)
    throw badRequest(`invalid object type: ${typeText(object)}`);
  const { managedFields } = givenMetadata(object);
  if (managedFields !== undefined && managedFields !== null) throw badRequest("metadata.managedFields must be nil");
  return object;
}

/** GROUP/VERSION, Kind=KIND; the group may be empty, the slash stays. */
function typeText({ apiVersion, kind }: JsonObject): string {
  const version = String(apiVersion ?? "/");
  return `${version.includes("/") ? version : `/${version}`}, Kind=${String(kind ?? "")}`;
}

function checkName({ name }: ObjectTarget, object: JsonObject): void {
  const given = givenMetadata(object).name;
  if (!given)
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (given !== name)
    throw badRequest(`the name of the object (${String(given ?? "")}) does not match the name on the URL (${name})`);
}

interface Decision {
  readonly config: JsonObject;
  readonly force: boolean;
  readonly stored: Stored | undefined;
  readonly manager: string;
}

/** The object and its owners as they will be. */
function decide(api: Api, target: ObjectTarget, decision: Decision): { object: JsonObject; managed: Managed } {
  const { config, force, stored, manager } = decision;
  const { served, subresource } = target;
  const versions = versionsOf(api, target, subresource);
  const errors = shapeErrors(config, versions.current.shape);
  if (errors.length > 0)
    throw unknownError(`failed to create typed patch object (${called(config)}): ${shapeErrorText(errors)}`);
  const live = stored ? bare(served.view(stored).object) : emptyObject(target);
  const application = { live, config, versions, manager, subresource, time: timestamp(api.clock.now()) };
  const result = applied(managedNow(stored, application), application);
  const contested = force ? [] : result.conflicts;
  const conflicts = manager === kubectl ? withoutOwnPast(contested, live, versions) : contested;
  if (conflicts.length > 0) throw applyConflict(conflictMessage(conflicts), conflictCauses(conflicts));
  const { managed } = result;
  return { object: manager === kubectl ? withLastApplied(result.object, config) : result.object, managed };
}

function called(config: JsonObject): string {
  const { namespace = "", name = "" } = givenMetadata(config);
  return `${String(namespace)}/${String(name)}; ${typeText(config)}`;
}

const bare = (object: JsonObject): JsonObject => {
  const { managedFields: _, ...metadata } = metadataOf(object);
  return withMetadata(object, metadata);
};

interface Now {
  readonly live: JsonObject;
  readonly versions: Versions;
  readonly subresource: string | undefined;
  readonly time: string;
}

/** Who owns the object before it is applied to. What is there without owners gets one, which an apply can conflict with. */
function managedNow(stored: Stored | undefined, { live, versions, subresource, time }: Now): Managed {
  if (!stored) return nobody;
  const managed = managedOf(stored.metadata.managedFields);
  if (managed.size > 0) return managed;
  const before = { apiVersion: live.apiVersion, kind: live.kind, metadata: {} };
  return afterUpdate(managed, { before, after: live, versions, manager: beforeFirstApply, subresource, time });
}
