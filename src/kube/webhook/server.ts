import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { createSecureContext } from "node:tls";
import type { KeyPair } from "../../lib/certificate.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Code, Failure, failureOf } from "../../lib/failure.ts";
import { type Json, type JsonObject, parseJson, stringifyJson } from "../../lib/json.ts";
import type { Logger } from "../../lib/log.ts";
import { answerReview, type Convert } from "./review.ts";

export interface WebhookServerOptions {
  /** An address to listen on; all of the machine's when absent. */
  readonly host?: string | undefined;
  /** 0 picks a free one. */
  readonly port: number;
  readonly pair: KeyPair;
  readonly convert: Convert;
  /** Why no requests are to come yet; undefined when they may. */
  readonly obstacle?: () => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface WebhookServer {
  readonly port: number;
  /** Shows another certificate to new connections. @throws Failure "invalid" for a key that is not the certificate's */
  use(pair: KeyPair): void;
  /** Takes no new connections, lets requests under way end, and cuts off those that do not end soon. */
  close(): Promise<void>;
}

/** A list comes in one review, however long it is: ten thousand contents of some KiB each. */
const bodyLimitBytes = 64 << 20;
/** API servers give a conversion 30 s. */
const requestLimitMs = 30_000;
/** Each API server keeps a few. */
const connectionLimit = 500;
/** SIGTERM promises an end within 5 s. */
const lastRequestsMs = 2_000;

/** Answers POST /convert with ConversionReviews, and GET /healthz and /readyz. @throws Failure "exists" if the port is taken */
export async function serveWebhook(options: WebhookServerOptions): Promise<WebhookServer> {
  checkPair(options.pair);
  const server = createServer({ ...tlsOf(options.pair), minVersion: "TLSv1.2", requestTimeout: requestLimitMs });
  server.maxConnections = connectionLimit;
  server.on("request", (request, response) => void respond(options, request, response));
  await listening(server, options);
  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    use(pair) {
      checkPair(pair);
      server.setSecureContext(tlsOf(pair));
    },
    close: () => close(server, options.clock),
  };
}

const tlsOf = ({ certPem, keyPem }: KeyPair) => ({ cert: certPem, key: keyPem });

export function checkPair(pair: KeyPair): void {
  try {
    createSecureContext(tlsOf(pair));
  } catch (error) {
    throw new Failure("invalid", `the certificate and its key cannot be used together: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function listening(server: Server, { host, port }: WebhookServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === "EADDRINUSE";
      const remedy = isTaken ? "the port is in use; choose another with --port, or 0 for any" : error.message;
      reject(
        new Failure(isTaken ? "exists" : "unavailable", `cannot listen on port ${port}: ${remedy}`, { cause: error }),
      );
    });
    server.listen({ port, host }, () => resolve());
  });
}

async function close(server: Server, clock: Clock): Promise<void> {
  const done = new AbortController();
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  clock.sleep(lastRequestsMs, done.signal).then(
    () => server.closeAllConnections(),
    () => undefined, // all ended before
  );
  server.closeIdleConnections();
  await closed;
  done.abort();
}

interface Answer {
  readonly code: number;
  readonly body: JsonObject | string;
}

async function respond(
  options: WebhookServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { code, body } = await answerTo(options, request).catch((error: unknown) => refusal(options.log, error));
  const isText = typeof body === "string";
  response.writeHead(code, { "content-type": isText ? "text/plain" : "application/json" });
  response.end(isText ? body : stringifyJson(body));
}

async function answerTo(options: WebhookServerOptions, request: IncomingMessage): Promise<Answer> {
  const { convert, obstacle, log } = options;
  const path = (request.url ?? "").split("?", 1)[0];
  if (path === "/healthz" && request.method === "GET") return { code: 200, body: "ok" };
  if (path === "/readyz" && request.method === "GET") return readiness(obstacle?.());
  if (path !== "/convert") throw new Failure("notFound", "only /convert, /healthz and /readyz are served");
  if (request.method !== "POST") throw new Failure("unimplemented", "/convert takes POST only");
  const review = answerReview(parseBody(await readBody(request)), convert);
  const { result } = review.response as { readonly result: { readonly status: string; readonly message?: string } }; // as made
  if (result.status !== "Success") log.warn({ reason: result.message }, "an object cannot be converted");
  return { code: 200, body: review };
}

const readiness = (obstacle: string | undefined): Answer =>
  obstacle === undefined ? { code: 200, body: "ok" } : { code: 503, body: `not ready: ${obstacle}` };

const httpCodes: Readonly<Partial<Record<Code, number>>> = {
  invalid: 400,
  notFound: 404,
  unimplemented: 405,
  tooLarge: 413,
};

function refusal(log: Logger, error: unknown): Answer {
  const { code, message } = failureOf(error);
  const status = httpCodes[code] ?? 500;
  if (status === 500) log.error({ err: error }, "cannot answer a review");
  return { code: status, body: { apiVersion: "v1", kind: "Status", status: "Failure", message, code: status } };
}

function parseBody(body: string): Json {
  if (body === "") throw new Failure("invalid", "the body is empty, but must be a ConversionReview");
  try {
    return parseJson(body);
  } catch (error) {
    throw new Failure("invalid", `the body is not valid JSON: ${reasonOf(error)}`, { cause: error });
  }
}

/** What is too long is read to its end without being kept, so that the client gets to see the answer. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes <= bodyLimitBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (sizeBytes > bodyLimitBytes)
    throw new Failure("tooLarge", `the body has ${sizeBytes} bytes; at most ${bodyLimitBytes} are read`);
  return Buffer.concat(chunks).toString("utf8");
}
