import { Failure, failureOf, isFailure } from "../../lib/failure.ts";
import type { Json, JsonObject } from "../../lib/json.ts";

/** The object in another version of its kind. @throws Failure "invalid" where that cannot be */
export type Convert = (object: JsonObject, toApiVersion: string) => JsonObject;

const apiVersion = "apiextensions.k8s.io/v1";
const kind = "ConversionReview";

/**
 * The answer to a ConversionReview: every object in the version asked for, in the order of the request, or the reason why
 * one of them cannot be converted. The API knows no answers for some of the objects.
 *
 * @throws Failure "invalid" for what is no review with a uid to answer to
 */
export function answerReview(review: Json, convert: Convert): JsonObject {
  const { uid, request } = parseReview(review);
  const answer = (response: JsonObject): JsonObject => ({ apiVersion, kind, response: { uid, ...response } });
  try {
    const convertedObjects = convertAll(request, convert);
    return answer({ convertedObjects, result: { status: "Success" } });
  } catch (error) {
    if (!isFailure(error, "invalid")) throw error;
    return answer({ convertedObjects: [], result: { status: "Failure", reason: "Invalid", message: error.message } });
  }
}

function parseReview(review: Json): { readonly uid: string; readonly request: JsonObject } {
  if (!isObject(review) || review.apiVersion !== apiVersion || review.kind !== kind)
    throw new Failure("invalid", `send a ${kind} of ${apiVersion}; other bodies are not understood`);
  const { request } = review;
  if (!isObject(request) || typeof request.uid !== "string" || request.uid === "")
    throw new Failure("invalid", `the ${kind} has no request with a uid to answer to`);
  return { uid: request.uid, request };
}

function convertAll({ objects, desiredAPIVersion }: JsonObject, convert: Convert): readonly JsonObject[] {
  if (typeof desiredAPIVersion !== "string" || desiredAPIVersion === "")
    throw new Failure("invalid", "cannot convert: request.desiredAPIVersion does not name a version");
  if (!Array.isArray(objects)) throw new Failure("invalid", "cannot convert: request.objects is no list");
  return (objects as readonly Json[]).map((object, index) => {
    try {
      if (!isObject(object)) throw new Failure("invalid", "it is no object");
      return convert(object, desiredAPIVersion);
    } catch (error) {
      const { code, message } = failureOf(error);
      throw new Failure(code, `object ${index}${nameOf(object)}: ${message}`, { cause: error });
    }
  });
}

function nameOf(object: Json | undefined): string {
  const name = isObject(object) && isObject(object.metadata) ? object.metadata.name : undefined;
  return typeof name === "string" ? ` (${name})` : "";
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
