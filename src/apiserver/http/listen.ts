import { constants } from "node:crypto";
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { Failure } from "../../lib/failure.ts";
import type { Credentials } from "../auth/credentials.ts";
import type { HttpRequest } from "./body.ts";
import type { HttpResponse } from "./respond.ts";

export interface Listener {
  readonly port: number;
  /** Takes no new connections and ends those there are. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly credentials: Credentials;
  readonly handler: (request: HttpRequest, response: HttpResponse) => void;
}

/** Longer than clients keep idle connections: one that the server closes just as it is used again costs them a failure. */
const keepAliveMs = 10 * 60_000;

/** Far more than one machine's clients open; each takes memory. */
const connectionLimit = 5000;

/** Listens for HTTP/2 and HTTP/1.1 over TLS. @throws Failure "exists" if the port is taken, with what to do */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { authority, server: pair } = options.credentials;
  const server = createSecureServer({
    allowHTTP1: true,
    cert: pair.certPem,
    key: pair.keyPem,
    ca: authority.certPem,
    requestCert: true,
    rejectUnauthorized: false, // a bearer token will do as well; without either, authentication refuses
    minVersion: "TLSv1.2",
    secureOptions: constants.SSL_OP_NO_TICKET, // a resumed session would come without its certificate
    settings: { maxConcurrentStreams: 1000 },
  });
  Object.assign(server, { keepAliveTimeout: keepAliveMs, maxConnections: connectionLimit });
  const open = trackConnections(server);
  server.on("request", options.handler);
  await listening(server, options);
  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of open.sessions) session.destroy();
        for (const socket of open.sockets) socket.destroy();
      }),
  };
}

function listening(server: Http2SecureServer, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on("error", (error: NodeJS.ErrnoException) => reject(listenFailure(error, `${host}:${port}`)));
    server.listen(port, host, () => resolve());
  });
}

function listenFailure(error: NodeJS.ErrnoException, where: string): Failure {
  if (error.code === "EADDRINUSE")
    return new Failure(
      "exists",
      `cannot listen on ${where}: the port is in use; choose another with --port, or 0 for any`,
      {
        cause: error,
      },
    );
  return new Failure("unavailable", `cannot listen on ${where}: ${error.message}`, { cause: error });
}

function trackConnections(server: Http2SecureServer) {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => session.destroy()); // the client broke it; its requests end with it
    session.once("close", () => sessions.delete(session));
  });
  return { sockets, sessions };
}
