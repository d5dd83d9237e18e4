import type { Status, StatusDetails } from "../kube/object.ts";
import { type Failure as AnyFailure, type Code, Failure, failureOf } from "../lib/failure.ts";
import type { JsonObject } from "../lib/json.ts";
import type { FieldError, Kind } from "./kinds/kind.ts";

/** How each code is said over HTTP. A failure made by one of the functions below carries a whole Status instead. */
const httpStatus = {
  invalid: [400, "BadRequest"],
  unauthenticated: [401, "Unauthorized"],
  forbidden: [403, "Forbidden"],
  notFound: [404, "NotFound"],
  exists: [409, "AlreadyExists"],
  conflict: [409, "Conflict"],
  precondition: [409, "Conflict"],
  outOfRange: [400, "BadRequest"],
  tooLarge: [413, "RequestEntityTooLarge"],
  unimplemented: [405, "MethodNotAllowed"],
  busy: [409, "Conflict"],
  exhausted: [429, "TooManyRequests"],
  timeout: [504, "Timeout"],
  cancelled: [499, "ClientClosedRequest"],
  expired: [410, "Expired"],
  unavailable: [503, "ServiceUnavailable"],
  internal: [500, "InternalError"],
  unknown: [500, "InternalError"],
} satisfies Record<Code, readonly [number, string]>;

/** The Status that answers for `error`, whatever was thrown. */
export function statusOf(error: unknown): Status {
  const failure = failureOf(error);
  if (isStatus(failure.details)) return failure.details;
  const [code, reason] = httpStatus[failure.code];
  return statusWith({ code, reason, message: failure.message });
}

function isStatus(details: unknown): details is Status {
  return typeof details === "object" && details !== null && "kind" in details && details.kind === "Status";
}

interface StatusParts {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: StatusDetails;
}

const statusWith = (parts: StatusParts): Status => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: parts.message,
  ...(parts.reason && { reason: parts.reason }),
  ...(parts.details && { details: parts.details }),
  code: parts.code,
});

/** A deletion, or another request without an object to answer with, that went well. */
export const success = (details: StatusDetails): Status => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  details,
  code: 200,
});

const refuse = (code: Code, parts: StatusParts): AnyFailure =>
  new Failure(code, parts.message, {
    details: statusWith(parts),
    ...(parts.details?.retryAfterSeconds && { retryAfterMs: parts.details.retryAfterSeconds * 1000 }),
  });

type Named = Pick<Kind, "group" | "plural" | "kind">;

const resourceOf = (kind: Named) => (kind.group ? `${kind.plural}.${kind.group}` : kind.plural);
const detailsOf = (kind: Named, name: string): StatusDetails => ({
  name,
  ...(kind.group && { group: kind.group }),
  kind: kind.plural,
});

export const notFound = (kind: Named, name: string) =>
  refuse("notFound", {
    code: 404,
    reason: "NotFound",
    message: `${resourceOf(kind)} "${name}" not found`,
    details: detailsOf(kind, name),
  });

export const noSuchPath = (path: string) =>
  refuse("notFound", {
    code: 404,
    reason: "NotFound",
    message: `the server could not find the requested resource: nothing is served at ${path}`,
    details: {},
  });

export const alreadyExists = (kind: Named, name: string) =>
  refuse("exists", {
    code: 409,
    reason: "AlreadyExists",
    message: `${resourceOf(kind)} "${name}" already exists`,
    details: detailsOf(kind, name),
  });

export const conflict = (kind: Named, name: string, why: string) =>
  refuse("conflict", {
    code: 409,
    reason: "Conflict",
    message: `Operation cannot be fulfilled on ${resourceOf(kind)} "${name}": ${why}`,
    details: detailsOf(kind, name),
  });

export const modifiedSince =
  "the object has been modified; please apply your changes to the latest version and try again";

/** 422, naming each field that is refused and why. */
export function invalid(kind: Named, name: string, errors: readonly FieldError[]): AnyFailure {
  const lines = errors.map((error) => (error.field ? `${error.field}: ${error.message}` : error.message));
  const what = kind.group ? `${kind.kind}.${kind.group}` : kind.kind;
  return refuse("invalid", {
    code: 422,
    reason: "Invalid",
    message: `${what} "${name}" is invalid: ${lines.length === 1 ? lines[0] : `[${lines.join(", ")}]`}`,
    details: {
      ...(name && { name }),
      ...(kind.group && { group: kind.group }),
      ...(kind.kind && { kind: kind.kind }),
      causes: errors.map(({ field, reason, message }) => ({ reason, message, field })),
    },
  });
}

/** 422 for a patch that cannot be applied. */
export const unprocessable = (message: string) =>
  refuse("invalid", { code: 422, reason: "Invalid", message, details: {} });

export const badRequest = (message: string) => refuse("invalid", { code: 400, reason: "BadRequest", message });

export const forbidden = (kind: Named, name: string, why: string, causes: StatusDetails["causes"] = []) =>
  refuse("forbidden", {
    code: 403,
    reason: "Forbidden",
    message: `${resourceOf(kind)} "${name}" is forbidden: ${why}`,
    details: { ...detailsOf(kind, name), ...(causes.length > 0 && { causes }) },
  });

/** 403 for what a user may not do, whatever the object is; without a resource for paths. */
export const accessDenied = (
  resource: { readonly group: string; readonly plural: string; readonly name: string } | undefined,
  why: string,
): AnyFailure => {
  const { group = "", plural = "", name = "" } = resource ?? {};
  const what = resource ? `${group ? `${plural}.${group}` : plural}${name && ` "${name}"`} is ` : "";
  return refuse("forbidden", {
    code: 403,
    reason: "Forbidden",
    message: `${what}forbidden: ${why}`,
    details: { ...(name && { name }), ...(group && { group }), ...(plural && { kind: plural }) },
  });
};

/** What a webhook says of a write that it refuses. */
export function deniedByWebhook(webhook: string, status: JsonObject): AnyFailure {
  const said = String(status.message || status.reason || "");
  const code = Number(status.code ?? 0);
  const details = status.details as StatusDetails | undefined; // handed on as it came
  return refuse("forbidden", {
    code: code >= 400 && code < 600 ? code : 400,
    reason: typeof status.reason === "string" ? status.reason : "",
    message: `admission webhook "${webhook}" denied the request${said ? `: ${said}` : " without explanation"}`,
    ...(details && { details }),
  });
}

/** Another program, without which the request cannot be answered, did not do its part. */
export const internalError = (why: string) =>
  refuse("internal", {
    code: 500,
    reason: "InternalError",
    message: `Internal error occurred: ${why}`,
    details: { causes: [{ message: why }] },
  });

export const unauthorized = () =>
  refuse("unauthenticated", { code: 401, reason: "Unauthorized", message: "Unauthorized" });

export const methodNotAllowed = (message = "the server does not allow this method on the requested resource") =>
  refuse("unimplemented", { code: 405, reason: "MethodNotAllowed", message, details: {} });

const textTypes = "application/json, application/yaml";
const accepted = `${textTypes}, application/vnd.kubernetes.protobuf`;

/** @param isCustom custom resources have no messages */
const acceptedFor = (isCustom: boolean) => (isCustom ? textTypes : accepted);

export const unsupportedMediaType = (types = accepted) =>
  refuse("invalid", {
    code: 415,
    reason: "UnsupportedMediaType",
    message: `the body of the request was in an unknown format - accepted media types include: ${types}`,
    details: {},
  });

export const notAcceptable = (isCustom: boolean) =>
  refuse("invalid", {
    code: 406,
    reason: "NotAcceptable",
    message: `only the following media types are accepted: ${acceptedFor(isCustom)}`,
    details: {},
  });

export const noProtobuf = () => unsupportedMediaType(textTypes);

export const bodyTooLarge = (limitBytes: number) =>
  refuse("tooLarge", {
    code: 413,
    reason: "RequestEntityTooLarge",
    message: `Request entity too large: limit is ${limitBytes}`,
    details: {},
  });

/** 409 for fields that others own, each of them a cause. */
export const applyConflict = (message: string, causes: NonNullable<StatusDetails["causes"]>) =>
  refuse("conflict", { code: 409, reason: "Conflict", message, details: { causes } });

/** 500 without a reason: what Kubernetes answers where it has no better one, and clients expect. */
export const unknownError = (message: string) => refuse("invalid", { code: 500, reason: "", message });

/**
 * The version asked for is no longer held: list again.
 *
 * @param rest the token with which a list can go on all the same
 */
export function expired(message: string, rest?: string): AnyFailure {
  const parts = { code: 410, reason: "Expired", message };
  if (rest === undefined) return refuse("expired", parts);
  return new Failure("expired", message, { details: { ...statusWith(parts), metadata: { continue: rest } } });
}

/** The version asked for has not come yet. */
export const versionAhead = (asked: number, current: number) =>
  refuse("timeout", {
    code: 504,
    reason: "Timeout",
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  });
