import { type Json, type JsonObject, stringifyJson } from "../../lib/json.ts";
import type { AdmitRequest } from "../kinds/kind.ts";
import { invalid as invalidField } from "../schema/messages.ts";
import { badRequest, invalid } from "../status.ts";
import { metadataOf } from "../store/stored.ts";
import { type Api, apiVersionOf, type Subresource, type Target, type WriteOptions } from "./verb.ts";

/** The metadata of an object that nobody has looked at yet. @throws Failure "invalid" if it is not even an object */
export function givenMetadata(object: JsonObject): JsonObject {
  const metadata = object.metadata;
  if (metadata === undefined || metadata === null) return {};
  if (typeof metadata !== "object" || Array.isArray(metadata))
    throw badRequest(`the object's metadata is ${stringifyJson(metadata)}, but must be an object`);
  const known = metadata as JsonObject; // neither a scalar nor an array
  const isOwner = (owner: Json) => typeof owner === "object" && owner !== null;
  if (Array.isArray(known.ownerReferences) && !known.ownerReferences.every(isOwner))
    throw badRequest("metadata.ownerReferences has an item that is not an object");
  return known;
}

/** What clients send back as they got it, or make up: the server sets it. */
const serverSet = new Set([
  "managedFields",
  "selfLink",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
]);

/** The part of an object's metadata that its sender has a say in. */
export function clientMetadata(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(givenMetadata(object)).filter(([field]) => !serverSet.has(field)));
}

/** Checks that an object is of the kind, version and namespace it was sent to, and fills in what was left out. */
export function identified(target: Target, object: JsonObject): JsonObject {
  const { kind, custom } = target.served;
  const apiVersion = object.apiVersion;
  if (custom && (!object.kind || !apiVersion))
    throw badRequest(`Object '${object.kind ? "apiVersion" : "Kind"}' is missing: send apiVersion and kind`);
  if (apiVersion !== undefined && apiVersion !== "" && apiVersion !== apiVersionOf(kind))
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${apiVersionOf(kind)})`,
    );
  if (object.kind !== undefined && object.kind !== "" && object.kind !== kind.kind)
    throw badRequest(`the kind in the data (${String(object.kind)}) does not match the expected kind (${kind.kind})`);
  const metadata = givenMetadata(object);
  const namespace = metadata.namespace;
  if (kind.namespaced && namespace && namespace !== target.namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  if (!kind.namespaced && namespace)
    throw badRequest("namespace is not allowed on this type of object: it is cluster-scoped");
  const is = { apiVersion: apiVersionOf(kind), kind: kind.kind };
  return { ...is, ...object, ...is, metadata }; // first, where lists can leave them out without reading the rest
}

interface Admission {
  /** What is stored now, in this version; absent on create. */
  readonly old?: JsonObject;
  readonly subresource?: Subresource | undefined;
  readonly options: WriteOptions;
  /** How Strict answers: 422 for patches, 400 for whole objects. */
  readonly isPatch?: boolean;
}

/**
 * Prunes, defaults, validates and completes an object that is about to be stored.
 *
 * @returns the object, and warnings about fields that were dropped
 * @throws Failure "invalid" that names every field at fault
 */
export function admitted(
  api: Api,
  target: Target,
  object: JsonObject,
  admission: Admission,
): { readonly object: JsonObject; readonly warnings: readonly string[] } {
  const { kind, collection } = target.served;
  const { old, subresource, options } = admission;
  const write = { target, subresource, ...(old && { old }) };
  const changed = options.review?.changed({ ...write, object }) ?? object;
  const result = kind.admit(changed, requestOf(api, admission));
  const { unknownFields } = changed === object ? result : kind.admit(object, requestOf(api, admission));
  const odd = [...(options.duplicates ?? []), ...unknownFields.map((field) => `unknown field "${field}"`)];
  if (options.fieldValidation === "Strict" && odd.length > 0) refuseOdd(target, object, { odd, admission });
  if (result.errors.length > 0) throw invalid(kind, nameOf(result.object), result.errors);
  const rules = api.rules.get(collection);
  const errors = rules?.check?.(result.object, { old, subresource }) ?? [];
  if (errors.length > 0) throw invalid(kind, nameOf(result.object), errors);
  const complete = rules?.complete?.(result.object, { old, subresource }) ?? result.object;
  options.review?.check({ ...write, object: complete });
  return {
    object: complete,
    warnings: options.fieldValidation === "Warn" ? odd : [],
  };
}

const requestOf = (api: Api, { old, subresource }: Admission): AdmitRequest => ({
  verb: old ? "update" : "create",
  ...(old && { old }),
  ...(subresource === "status" && { subresource }),
  now: api.clock.now(),
});

interface Oddities {
  readonly odd: readonly string[];
  readonly admission: Admission;
}

function refuseOdd({ served }: Target, object: JsonObject, { odd, admission }: Oddities): never {
  const problem = `strict decoding error: ${odd.join(", ")}`;
  const { kind, version } = served.kind;
  if (!admission.isPatch)
    throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${problem}`);
  throw invalid({ group: "", plural: "", kind: "" }, "", [invalidField("patch", stringifyJson(object), problem)]);
}

function nameOf(object: JsonObject): string {
  const { name } = metadataOf(object);
  return typeof name === "string" ? name : "";
}
