import type { IncomingHttpHeaders } from "node:http";
import { type Code, Failure } from "../../lib/failure.ts";
import { parseJson } from "../../lib/json.ts";
import type { Status } from "../object.ts";

/** Reasons say more than numbers: 409 is AlreadyExists or Conflict, 504 and 500 may both be a timeout. */
const byReason: Readonly<Record<string, Code>> = {
  AlreadyExists: "exists",
  BadRequest: "invalid",
  Conflict: "conflict",
  Expired: "expired",
  Forbidden: "forbidden",
  Gone: "expired",
  InternalError: "internal",
  Invalid: "invalid",
  MethodNotAllowed: "unimplemented",
  NotAcceptable: "invalid",
  NotFound: "notFound",
  RequestEntityTooLarge: "tooLarge",
  ServerTimeout: "timeout",
  ServiceUnavailable: "unavailable",
  Timeout: "timeout",
  TooManyRequests: "exhausted",
  Unauthorized: "unauthenticated",
  UnsupportedMediaType: "invalid",
};

const byNumber: Readonly<Record<number, Code>> = {
  400: "invalid",
  401: "unauthenticated",
  403: "forbidden",
  404: "notFound",
  405: "unimplemented",
  408: "timeout",
  409: "conflict",
  410: "expired",
  413: "tooLarge",
  422: "invalid",
  429: "exhausted",
  500: "internal",
  501: "unimplemented",
  502: "unavailable",
  503: "unavailable",
  504: "timeout",
};

/** A server's own words are cut here: enough for any validation message, too little to flood a log. */
const messageLimit = 4096;

/** The Failure that a Status stands for; `what` says what was tried, on what, where. */
export function failureOfStatus(status: Status, what: string, retryAfterMs?: number): Failure {
  const code = byReason[status.reason ?? ""] ?? byNumber[status.code] ?? (status.code >= 500 ? "internal" : "unknown");
  const seconds = status.details?.retryAfterSeconds;
  const waitMs = retryAfterMs ?? (seconds ? seconds * 1000 : undefined);
  const said = (status.message ?? "the server gave no reason").slice(0, messageLimit);
  return new Failure(code, `cannot ${what}: ${said} (${[status.code, status.reason].filter(Boolean).join(" ")})`, {
    details: status,
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  });
}

/** The Failure that an HTTP answer stands for, whether or not its body is a Status. */
export function failureOfAnswer(
  answer: { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string },
  what: string,
  now: Date,
): Failure {
  const status = statusIn(answer.text) ?? {
    apiVersion: "v1",
    kind: "Status",
    metadata: {},
    status: "Failure",
    code: answer.status,
    message: answer.text.trim() || "the server gave no reason",
  };
  return failureOfStatus({ ...status, code: status.code || answer.status }, what, retryAfterMs(answer.headers, now));
}

/** Retry-After as milliseconds, whether it came as seconds or as a date. */
export function retryAfterMs(headers: IncomingHttpHeaders, now: Date): number | undefined {
  const value = headers["retry-after"];
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const waitMs = Number.isNaN(seconds) ? Date.parse(value) - now.getTime() : seconds * 1000;
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

/** The Status in a text, if it is one. */
function statusIn(text: string): Status | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return asStatus(parseJson(text));
  } catch {
    return undefined; // a proxy's page, an answer cut short: the caller has the HTTP status
  }
}

export function asStatus(value: unknown): Status | undefined {
  const isStatus = typeof value === "object" && value !== null && "kind" in value && value.kind === "Status";
  return isStatus ? (value as Status) : undefined; // the kind says so, and every field of it is optional to us
}
