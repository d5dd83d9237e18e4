import { setMaxListeners } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { Clock } from "../../lib/clock.ts";
import { Failure, isFailure } from "../../lib/failure.ts";
import { type Json, parseJson, stringifyJson } from "../../lib/json.ts";
import type { Limiter } from "../../lib/limit.ts";
import type { Random } from "../../lib/random.ts";
import { readBody } from "./body.ts";
import type { ConnectionConfig, Credential } from "./connection.ts";
import { within } from "./deadline.ts";
import { failureOfAnswer, retryAfterMs } from "./failures.ts";
import { withRemedy } from "./refused.ts";
import type { Throttle } from "./throttle.ts";
import type { Method, Transport, TransportResponse } from "./transport.ts";

/** From sending to the last byte of the answer. Servers give up after 60 s at most, and nobody waits that long. */
const requestTimeoutMs = 30_000;
/** A server under load says 429 and when to come back; after this many times the caller is told. */
const maxTries = 8;
/** Where 429 comes without Retry-After. */
const defaultRetryMs = 1_000;
/** A server that asks for more patience than this is answered by failing: the caller has its own backoff. */
const longestRetryMs = 30_000;

interface Request {
  readonly method: Method;
  readonly path: string;
  /** "create pods demo/web": the middle of every message about it. */
  readonly what: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** What the request was made with. */
  readonly credential: Credential;
}

export interface Requests {
  /** @throws Failure for every answer that is not a success */
  json(request: Request): Promise<Json>;
  /** The body of a watch, as it arrives. @throws Failure when it cannot be opened */
  stream(request: Request): Promise<Readable>;
}

export interface RequestsDeps {
  readonly config: ConnectionConfig;
  readonly transport: Transport;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly limiter: Limiter;
  readonly throttle: Throttle | undefined;
}

/** Sends requests with credentials, deadline, and patience for a server that is busy; failures name what was tried. */
export function requests(deps: RequestsDeps): Requests {
  const { clock, limiter, random } = deps;

  const persist = async <A extends Answer>(request: Request, once: () => Promise<A>): Promise<A> => {
    let renewed = false;
    for (let tries = 1; ; tries++) {
      const answer = await once();
      if (isSuccess(answer)) return answer;
      if (answer.status === 401 && !renewed && deps.config.credentials.renew(answer.credential)) {
        renewed = true;
        continue;
      }
      const waitMs = retryAfterMs(answer.headers, clock.now()) ?? defaultRetryMs;
      if (answer.status !== 429 || tries >= maxTries || waitMs > longestRetryMs)
        throw withRemedy(failureOfAnswer(answer, request.what, clock.now()), answer.credential, clock.now());
      await clock.sleep(waitMs + random.next() * defaultRetryMs, request.signal);
    }
  };

  return {
    async json(request) {
      setMaxListeners(0, request.signal); // one for each request that waits its turn: many are no leak
      try {
        const answer = await persist(request, () => limiter.run(() => attempt(deps, request), request.signal));
        return answer.text === "" ? null : parseAnswer(answer.text, request.what);
      } catch (error) {
        throw explain(error, request, deps.config.server);
      }
    },
    async stream(request) {
      try {
        const { body } = await persist(request, () => open(deps, request));
        if (!body) throw new Failure("internal", `cannot ${request.what}: the server sent no stream`);
        return body;
      } catch (error) {
        throw explain(error, request, deps.config.server);
      }
    },
  };
}

/** One try, from sending to the last byte of the answer. */
async function attempt(deps: RequestsDeps, request: Request): Promise<Answer> {
  await deps.throttle?.pass(request.signal);
  const limit = { timeoutMs: requestTimeoutMs, what: request.what, signal: request.signal };
  return within(deps.clock, limit, async (signal) => {
    const credential = await deps.config.credentials.current(signal);
    const response = await send(deps, { ...request, signal }, { credential });
    const text = await readBody(response, request.what);
    return { status: response.status, headers: response.headers, text, credential };
  });
}

/** One try to open a stream. The deadline is for the head of the answer: its body then lives as long as the caller wants. */
function open(deps: RequestsDeps, request: Request): Promise<Answer & { body?: Readable }> {
  const limit = { timeoutMs: requestTimeoutMs, what: request.what, signal: request.signal };
  return within(deps.clock, limit, async (head) => {
    const credential = await deps.config.credentials.current(head);
    const response = await raceHead(send(deps, request, { credential, watch: true }), head);
    const { status, headers, body } = response;
    if (isSuccess(response)) return { status, headers, text: "", body, credential };
    return { status, headers, text: await readBody(response, request.what), credential };
  });
}

const isSuccess = (answer: { readonly status: number }) => answer.status >= 200 && answer.status < 300;

function send(
  deps: RequestsDeps,
  request: Request,
  { credential, watch = false }: { readonly credential: Credential; readonly watch?: boolean },
): Promise<TransportResponse> {
  const body = request.body === undefined ? undefined : stringifyJson(request.body);
  return deps.transport.send({
    method: request.method,
    path: request.path,
    headers: {
      accept: "application/json",
      "user-agent": deps.userAgent,
      ...(!watch && { "accept-encoding": "gzip" }),
      ...(body !== undefined && {
        "content-type": request.contentType ?? "application/json",
        "content-length": String(Buffer.byteLength(body)),
      }),
      ...credential.headers,
    },
    ...(body !== undefined && { body }),
    watch,
    certificate: credential.certificate,
    signal: request.signal,
  });
}

/** The head of the answer, or the deadline's failure; an answer that comes too late is thrown away. */
function raceHead(head: Promise<TransportResponse>, deadline: AbortSignal): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    const late = () => {
      head.then(
        (response) => response.body.destroy(),
        () => undefined,
      );
      reject(deadline.reason);
    };
    if (deadline.aborted) return late();
    deadline.addEventListener("abort", late, { once: true });
    head.then(resolve, reject).finally(() => deadline.removeEventListener("abort", late));
  });
}

function parseAnswer(text: string, what: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw new Failure("internal", `cannot ${what}: the answer is not JSON`, { cause: error });
  }
}

/** Whatever broke, as a Failure that says what was tried, where, and what may help. */
export function explain(
  error: unknown,
  request: { readonly what: string; readonly signal: AbortSignal },
  server: string,
) {
  if (request.signal.aborted) {
    if (isFailure(request.signal.reason)) return request.signal.reason;
    return new Failure("cancelled", `stopped waiting: ${request.what}`, { cause: request.signal.reason });
  }
  if (isFailure(error)) return error;
  const reason = error instanceof Error ? error.message || error.name : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const remedy = remedies.find(([pattern]) => pattern.test(code))?.[1];
  const hint = remedy ? `; ${remedy}` : "";
  return new Failure("unavailable", `cannot ${request.what} at ${server}: ${reason || code}${hint}`, { cause: error });
}

const remedies: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, "nothing listens there: check the address and that the server runs"],
  [/ENOTFOUND|EAI_AGAIN/, "the host name is not known: check the server's address"],
  [/ALTNAME/, "the server's certificate is for another name: see tls-server-name"],
  [/CERT_HAS_EXPIRED/, "the server's certificate has expired"],
  [
    /SELF_SIGNED|UNABLE_TO_|CERT_/,
    "the server's certificate is not signed by the certificate authority that was given",
  ],
];
