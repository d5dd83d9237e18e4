import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Agent, createServer, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { writePrivate } from "../apiserver/auth/credentials.ts";
import { createAuthority, issueCertificate } from "../lib/certificate.ts";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";
import type { RawTarget } from "./raw-client.ts";
import { statusOf } from "./scripted-http.ts";

/** Stands between one process and an API server, over TLS: sees each request, and does to it what a test says. */
export interface FaultProxy {
  /** By which the process finds the server, as its admin. */
  readonly kubeconfigPath: string;
  /** The requests so far, in the order in which they came. */
  readonly seen: readonly ProxiedRequest[];
  /** What happens to each request from now on; nothing, if it is absent. */
  fault: ProxyFault | undefined;
  /** Breaks the connections of all watches. Gives back how many there were. */
  cutWatches(): number;
  close(): Promise<void>;
}

export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly isWatch: boolean;
  /** What the server answered; absent for what never reached it, or is on its way. */
  code?: number;
}

/**
 * Decides about a request.
 *
 * @param pass sends it to the server, whose answer it resolves with
 * @returns the answer for the process, or "cut": its connection breaks without one
 */
export type ProxyFault = (request: ProxiedRequest, pass: () => Promise<ProxyAnswer>) => Promise<ProxyAnswer | "cut">;

export interface ProxyAnswer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders | OutgoingHttpHeaders;
  /** Of a watch: as it comes. */
  readonly body: Buffer | IncomingMessage;
}

/** An answer of the proxy's own, in the words of an API server. */
export function refusal(code: number, reason: string, headers: OutgoingHttpHeaders = {}): ProxyAnswer {
  const body = Buffer.from(JSON.stringify(statusOf(code, reason, `scripted ${reason}`)));
  return { code, headers: { "content-type": "application/json", ...headers }, body };
}

/** Whether the request asks for a change of what a controller works on: no event, no lease. */
export const isChange = ({ method, path }: ProxiedRequest) => method !== "GET" && !/\/(events|leases)\b/.test(path);

/** Starts a proxy on a free port. Its kubeconfig is written to a file whose folder is the caller's. */
export async function faultProxy(target: RawTarget, kubeconfigPath: string): Promise<FaultProxy> {
  const around = { now: systemClock.now(), random: systemRandom };
  const authority = await createAuthority({ commonName: "authority of the fault proxy", ...around });
  const names = ["127.0.0.1"];
  const own = await issueCertificate(authority, { commonName: "fault proxy", names, use: "server", ...around });
  const agent = new Agent({ keepAlive: true, ca: target.caPem });
  const seen: ProxiedRequest[] = [];
  const watches = new Set<ServerResponse>();

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method = "GET", url: path = "/" } = incoming;
    const request: ProxiedRequest = { method, path, isWatch: /[?&]watch=(true|1)\b/.test(path) };
    seen.push(request);
    const body = await buffer(incoming);
    const pass = () => forward({ target, agent, headers: incoming.headers, body }, request);
    const answer = await (proxy.fault ? proxy.fault(request, pass) : pass());
    if (answer === "cut") outgoing.destroy();
    else deliver(answer, outgoing, watches);
  };

  const server = createServer({ cert: own.certPem, key: own.keyPem }, (incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy()); // one end is gone: so the other is told
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writePrivate(kubeconfigPath, JSON.stringify(kubeconfigOf(url, authority.certPem, target.adminToken)));
  const proxy: FaultProxy = {
    kubeconfigPath,
    seen,
    fault: undefined,
    cutWatches() {
      const cut = [...watches];
      for (const watch of cut) watch.destroy();
      return cut.length;
    },
    close: async () => {
      server.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

interface Forwarded {
  readonly target: RawTarget;
  readonly agent: Agent;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** @throws the connection's error */
async function forward({ target, agent, headers, body }: Forwarded, request: ProxiedRequest): Promise<ProxyAnswer> {
  const { method, path, isWatch } = request;
  const { host: _ours, connection: _hop, ...rest } = headers;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = httpsRequest(new URL(path, target.url), { method, headers: rest, agent }, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
  const code = answer.statusCode ?? 0;
  request.code = code;
  const { connection: _theirs, "transfer-encoding": _chunks, ...kept } = answer.headers;
  const isStream = isWatch && code === 200;
  return { code, headers: kept, body: isStream ? answer : await buffer(answer) };
}

function deliver({ code, headers, body }: ProxyAnswer, outgoing: ServerResponse, watches: Set<ServerResponse>): void {
  outgoing.writeHead(code, headers);
  if (Buffer.isBuffer(body)) return void outgoing.end(body);
  watches.add(outgoing);
  outgoing.flushHeaders();
  outgoing.on("close", () => {
    watches.delete(outgoing);
    body.destroy();
  });
  body.on("error", () => outgoing.destroy());
  body.pipe(outgoing);
}

function kubeconfigOf(url: string, caPem: string, token: string) {
  const name = "through-the-proxy";
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server: url, "certificate-authority-data": Buffer.from(caPem).toString("base64") } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: "default" } }],
  };
}
