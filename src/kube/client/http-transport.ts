import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { Failure } from "../../lib/failure.ts";
import type { ClientCertificate, ConnectionConfig, TlsSettings } from "./connection.ts";
import type { Method, Transport, TransportRequest, TransportResponse } from "./transport.ts";

/** Idle connections are closed before servers and load balancers in between forget them (the shortest use 60 s). */
const idleTimeoutMs = 45_000;
/** A peer that vanished without a word is found by the kernel after this long, and ten probes. */
const keepAliveProbeMs = 15_000;
/** After a restart of the server several idle connections may be dead; this many are tried before giving up. */
const maxTries = 4;

interface Agents {
  readonly certificate: ClientCertificate | undefined;
  readonly requests: HttpAgent | HttpsAgent;
  readonly watches: HttpAgent | HttpsAgent;
}

/**
 * HTTP/1.1 on kept connections. A request on a reused connection that was reset is repeated if its verb is idempotent.
 *
 * @param permit asked in the moment in which a write goes out; what it throws is thrown to the caller, and nothing is sent
 */
export function httpTransport(config: Pick<ConnectionConfig, "server" | "tls">, permit?: () => void): Transport {
  const url = serverUrl(config.server);
  const prefix = url.pathname.replace(/\/+$/, "");
  let agents: Agents | undefined;

  const agentsFor = (certificate: ClientCertificate | undefined): Agents => {
    if (agents && agents.certificate === certificate) return agents;
    agents = newAgents(url, config.tls, certificate); // connections that are in use end with their requests
    return agents;
  };

  const once = (request: TransportRequest) => {
    const { requests, watches } = agentsFor(request.certificate);
    const options = {
      agent: request.watch ? watches : requests,
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port || (url.protocol === "https:" ? 443 : 80),
      method: request.method,
      path: prefix + request.path,
      headers: request.headers as OutgoingHttpHeaders, // which are not readonly, but only read
    };
    const outgoing = url.protocol === "https:" ? httpsRequest(options) : httpRequest(options);
    return exchange(outgoing, request, request.method === "GET" ? undefined : permit);
  };

  return {
    async send(request) {
      for (let tries = 1; ; tries++) {
        try {
          return await once(request);
        } catch (error) {
          if (!(error instanceof StaleConnection)) throw error;
          if (tries === maxTries || !isIdempotent(request.method)) throw error.cause;
        }
      }
    },
    close: () => {
      agents?.requests.destroy();
      agents?.watches.destroy();
      agents = undefined;
    },
  };
}

function serverUrl(server: string): URL {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (!url || !["https:", "http:"].includes(url.protocol))
    throw new Failure("invalid", `the server address "${server}" is not a URL; it must be https://host:port`);
  return url;
}

function newAgents(url: URL, tls: TlsSettings, certificate: ClientCertificate | undefined): Agents {
  const kept = { keepAlive: true, keepAliveMsecs: keepAliveProbeMs, scheduling: "lifo" as const };
  if (url.protocol === "http:")
    return { certificate, requests: new HttpAgent({ ...kept, timeout: idleTimeoutMs }), watches: new HttpAgent(kept) };
  const host = tls.serverName ?? url.hostname;
  const secure = {
    ...kept,
    // Made once: given as PEM texts, they would be part of the pool's key, which is built for each request.
    secureContext: secureContext(tls, certificate),
    rejectUnauthorized: tls.insecure !== true,
    ...(isIP(host.replace(/^\[|\]$/g, "")) === 0 && { servername: host }),
  };
  return {
    certificate,
    requests: new HttpsAgent({ ...secure, timeout: idleTimeoutMs }),
    watches: new HttpsAgent(secure),
  };
}

function secureContext(tls: TlsSettings, certificate: ClientCertificate | undefined) {
  try {
    return createSecureContext({
      ...(tls.ca !== undefined && { ca: tls.ca }),
      ...(certificate && { cert: certificate.certificatePem, key: certificate.keyPem }),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      "invalid",
      `the certificates for the API server cannot be used: ${reason}; check that they are PEM and that certificate and key belong together`,
    );
  }
}

const isIdempotent = (method: Method) => method === "GET" || method === "PUT" || method === "DELETE";

/** A kept connection turned out to be closed by the other side, before any answer came. */
class StaleConnection extends Error {}

function exchange(
  outgoing: ClientRequest,
  request: TransportRequest,
  permit: (() => void) | undefined,
): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    const { signal } = request;
    const stop = () => {
      outgoing.destroy(new Error("aborted"));
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    outgoing.on("close", () => signal.removeEventListener("abort", stop));
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      const wasReset = error.code === "ECONNRESET" || error.code === "EPIPE";
      reject(
        outgoing.reusedSocket && wasReset && !signal.aborted ? new StaleConnection("reset", { cause: error }) : error,
      );
    });
    outgoing.on("response", (incoming: IncomingMessage) => {
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming });
    });
    if (request.watch) outgoing.setSocketKeepAlive(true, keepAliveProbeMs);
    outgoing.setNoDelay(true);
    if (permit) whenConnected(outgoing, () => endIfPermitted(outgoing, request.body, permit));
    else outgoing.end(request.body);
  });
}

/** A handshake takes time, in which a permit may run out: what is written before it has ended would go out after it. */
function whenConnected(outgoing: ClientRequest, write: () => void): void {
  outgoing.on("socket", (socket) => {
    if (outgoing.reusedSocket) write();
    else socket.once("encrypted" in socket ? "secureConnect" : "connect", write);
  });
}

function endIfPermitted(outgoing: ClientRequest, body: string | undefined, permit: () => void): void {
  try {
    permit();
    outgoing.end(body);
  } catch (error) {
    outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
