import type { Clock } from "../../lib/clock.ts";
import { isFailure } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import type { Auth } from "../auth/auth.ts";
import type { User } from "../auth/authenticate.ts";
import { methodNotAllowed, noSuchPath, statusOf } from "../status.ts";
import type { Store } from "../store/store.ts";
import { negotiated, type Wanted } from "./accept.ts";
import type { HttpRequest } from "./body.ts";
import type { DocumentRequest } from "./documents.ts";
import { inFormat } from "./format.ts";
import type { ResourceRequest } from "./request.ts";
import { type Answer, type HttpResponse, send, statusAnswer } from "./respond.ts";
import { parseResourcePath } from "./route.ts";

/** Sees every request before it is served; may wait, throw, or answer in the server's place. For tests that inject faults. */
export type Intercept = (request: {
  readonly method: string;
  readonly url: string;
  readonly user: User;
  /** What the client calls itself. */
  readonly userAgent: string;
}) => Promise<void>;

export interface HandlerParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly auth: Auth;
  readonly intercept: Intercept | undefined;
  readonly resource: (call: ResourceRequest) => Promise<Answer | undefined>;
  /** Discovery, OpenAPI, version: undefined for a path that is none of them. */
  readonly document: (request: DocumentRequest) => Answer | undefined;
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
}

type Handler = (request: HttpRequest, response: HttpResponse) => void;

/** Serves one request, whatever comes: what goes wrong is answered with a Status. */
export function requestHandler(parts: HandlerParts): Handler {
  return (request, response) => {
    const startedMs = parts.clock.monotonicMs();
    const [path = "/", search = ""] = (request.url ?? "/").split("?", 2);
    response.on("error", () => response.destroy()); // a client that left in the middle of an answer
    const left = () => leftOf(response, parts.closing);
    serve(parts, { request, response, path, query: new URLSearchParams(search), left })
      .catch((error: unknown) => fail(parts, { request, response }, error))
      .finally(() => {
        const ms = Math.round(parts.clock.monotonicMs() - startedMs);
        parts.log.debug({ method: request.method, url: request.url, code: response.statusCode, ms }, "request");
      });
  };
}

/** Aborted when the client is gone, or the server closes. */
function leftOf(response: HttpResponse, closing: AbortSignal): AbortSignal {
  const left = new AbortController();
  const leave = () => {
    closing.removeEventListener("abort", leave);
    left.abort();
  };
  response.on("close", leave);
  closing.addEventListener("abort", leave);
  if (response.destroyed || closing.aborted) leave();
  return left.signal;
}

type Call = Omit<ResourceRequest, "path" | "user"> & { readonly path: string };

const health = new Set(["/healthz", "/livez", "/readyz"]);

async function serve(parts: HandlerParts, call: Call): Promise<void> {
  const { request, response, path } = call;
  if (health.has(path) || /^\/(livez|readyz)\//.test(path)) return send(request, response, healthAnswer(call));
  const user = parts.auth.userOf(request);
  const method = request.method ?? "GET";
  const resource = parseResourcePath(path);
  if (resource && method === "HEAD") throw methodNotAllowed();
  parts.auth.demand(user, { method, path, query: call.query, resource });
  await parts.intercept?.({ method, url: request.url ?? "/", user, userAgent: request.headers["user-agent"] ?? "" });
  const answer = resource ? await parts.resource({ ...call, path: resource, user }) : documentAnswer(parts, call);
  if (answer) await send(request, response, answer);
}

/** In one word, or check by check: a server that answers has passed them all. */
function healthAnswer({ path, query }: Call): Answer {
  const text = query.has("verbose") ? `[+]ping ok\n${path.slice(1)} check passed\n` : "ok";
  return { code: 200, body: Buffer.from(text), contentType: "text/plain; charset=utf-8" };
}

function documentAnswer(parts: HandlerParts, { path, query, request }: Call): Answer {
  const { accept = "", host = "", "if-none-match": known } = request.headers;
  const document = parts.document({ path, query, accept, known, host: String(request.headers[":authority"] ?? host) });
  if (!document) throw noSuchPath(path);
  return document;
}

async function fail(
  { log, store }: HandlerParts,
  { request, response }: Pick<Call, "request" | "response">,
  error: unknown,
): Promise<void> {
  const status = statusOf(error);
  if (status.code >= 500 && !isFailure(error))
    log.error({ err: error, method: request.method, url: request.url }, "request failed");
  if (response.headersSent) return void response.destroy();
  await store.settled().catch(() => undefined); // the answer says what went wrong first
  const tooLarge = status.code === 413 && request.httpVersionMajor === 1 ? { connection: "close" } : {};
  const answer = await inFormat(statusAnswer(status), formatOf(request));
  await send(request, response, { ...answer, headers: { ...answer.headers, ...tooLarge } }).catch(() =>
    response.destroy(),
  );
}

/** JSON for clients that accept nothing we have: what went wrong is told in any case. */
function formatOf({ headers }: HttpRequest): Wanted["format"] {
  try {
    return negotiated(headers.accept, false).format;
  } catch {
    return "json";
  }
}
