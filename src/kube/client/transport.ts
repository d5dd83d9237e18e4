import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { ClientCertificate } from "./connection.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface TransportRequest {
  readonly method: Method;
  /** Path and query, as they go over the wire. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** Watches use connections of their own, so that they never take one from a request. */
  readonly watch?: boolean;
  readonly certificate?: ClientCertificate | undefined;
  /** Breaks the request, its answer's body included. */
  readonly signal: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As it came over the wire: possibly compressed. Must be read to its end or destroyed. */
  readonly body: Readable;
}

/** Carries requests to one server. The seam where tests put faults in. */
export interface Transport {
  /** Resolves with the head of the answer. @throws the connection's own error when there is no answer */
  send(request: TransportRequest): Promise<TransportResponse>;
  /** Breaks every connection. */
  close(): void;
}
