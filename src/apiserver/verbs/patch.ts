import { isFailure } from "../../lib/failure.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { applyJsonPatch } from "../patch/json.ts";
import { applyMergePatch } from "../patch/merge.ts";
import { isObject } from "../patch/shape.ts";
import { applyStrategicPatch } from "../patch/strategic.ts";
import type { Served } from "../registry.ts";
import { badRequest, unprocessable, unsupportedMediaType } from "../status.ts";
import { identified } from "./admission.ts";
import { apply } from "./apply.ts";
import { checkKind, checkName } from "./identity.ts";
import { getStored, replace } from "./replace.ts";
import type { Api, ObjectTarget, WriteOptions, Written } from "./verb.ts";

/** A patch as it came: its media type and its parsed body. */
export interface PatchRequest {
  readonly mediaType: string;
  readonly patch: Json;
  /** For an apply only: takes fields away from other managers. */
  readonly force?: boolean;
}

export const applyPatchType = "application/apply-patch+yaml";

const mediaTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: applyPatchType,
};

/**
 * Changes one object, or its status. The patch is applied to the object as it is at this moment, so a patch that carries
 * no resourceVersion never conflicts.
 *
 * @throws Failure "notFound", "invalid"; "conflict" if the patch names another resourceVersion than the object's, or what it
 *   applies is owned by others
 */
export function patch(api: Api, target: ObjectTarget, request: PatchRequest, options: WriteOptions): Written {
  const { mediaType, patch: config, force = false } = request;
  if (mediaType === mediaTypes.apply) return apply(api, target, { config, force }, options);
  const stored = getStored(api, target);
  const patched = patchedBy(request, target, target.served.view(stored).object);
  if (typeof patched !== "object" || patched === null || Array.isArray(patched))
    throw unprocessable("the patch turns the object into something that is not an object");
  checkKind(target, patched as JsonObject); // neither a scalar nor an array
  const object = identified(target, patched as JsonObject);
  checkName(target, object);
  return replace(api, target, stored, { object, isPatch: true, options });
}

/** What a patch that is no apply makes of an object. @throws Failure "invalid" */
export function patchedBy({ mediaType, patch }: PatchRequest, { served }: ObjectTarget, object: JsonObject): Json {
  if (mediaType === mediaTypes.json ? !Array.isArray(patch) : !isObject(patch))
    throw badRequest(`error decoding patch: it must be ${mediaType === mediaTypes.json ? "a list" : "an object"}`);
  try {
    if (mediaType === mediaTypes.json) return applyJsonPatch(object, patch);
    if (mediaType === mediaTypes.merge) return applyMergePatch(object, patch);
    if (mediaType === mediaTypes.strategic && !served.custom)
      return applyStrategicPatch(object, patch, served.kind.schema);
  } catch (error) {
    if (isFailure(error, "invalid") && error.details === undefined) throw unprocessable(error.message);
    throw error;
  }
  throw notPatchable(served);
}

/** @throws Failure (415) for what is no patch of this resource's, before its body is looked at */
export function checkPatchType({ served }: ObjectTarget, mediaType: string): void {
  if (!patchTypes(served).includes(mediaType)) throw notPatchable(served);
}

function patchTypes({ custom }: Served): readonly string[] {
  const { json, merge, strategic, apply: applying } = mediaTypes;
  return custom ? [json, merge, applying] : [json, merge, strategic, applying];
}

const notPatchable = (served: Served) => unsupportedMediaType(patchTypes(served).join(", "));
