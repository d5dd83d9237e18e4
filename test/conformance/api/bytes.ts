import { type Agent, type RequestOptions, request } from "node:https";
import type { Server } from "./server.ts";

export interface Bytes {
  readonly code: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The client's end of the connection that it came by. */
  readonly port: number | undefined;
  readonly bytes: Buffer;
}

export interface BytesOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly agent?: Agent;
  /** A client certificate and its key; the admin's token is sent unless there is one. */
  readonly tls?: Pick<RequestOptions, "cert" | "key">;
}

/** A request whose answer is no text, or whose connection matters. */
export function bytesOf(server: Server, path: string, options: BytesOptions = {}): Promise<Bytes> {
  const { method = "GET", headers, body, agent = false, tls } = options;
  const head = {
    ...(!tls && { authorization: `Bearer ${server.adminToken}` }),
    ...(body && { "content-length": body.length }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      server.url + path,
      { method, ca: server.caPem, headers: head, agent, ...tls },
      (incoming) => {
        const chunks: Buffer[] = [];
        const port = incoming.socket.localPort;
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () =>
          resolve({ code: incoming.statusCode ?? 0, headers: incoming.headers, port, bytes: Buffer.concat(chunks) }),
        );
      },
    );
    outgoing.on("error", reject).end(body);
  });
}
