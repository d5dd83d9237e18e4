import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { Status } from "../../kube/object.ts";
import type { WatchSink } from "../watch/watcher.ts";
import type { HttpRequest } from "./body.ts";

export type HttpResponse = ServerResponse | Http2ServerResponse;

export interface Answer {
  readonly code: number;
  readonly body: Buffer;
  readonly contentType?: string;
  readonly warnings?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Smaller answers are sent faster than they are compressed; kube-apiserver draws the line here too. */
const gzipFromBytes = 128 << 10;
const compress = promisify(gzip);

export async function send(request: HttpRequest, response: HttpResponse, answer: Answer): Promise<void> {
  const zip = answer.body.length > gzipFromBytes && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  const body = zip ? await compress(answer.body, { level: constants.Z_BEST_SPEED }) : answer.body;
  if (response.destroyed || response.writableEnded) return;
  response.statusCode = answer.code;
  response.setHeader("content-type", answer.contentType ?? "application/json");
  response.setHeader("content-length", body.length);
  response.setHeader("cache-control", "no-cache, private");
  if (zip) response.setHeader("content-encoding", "gzip");
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  setWarnings(response, answer.warnings);
  response.end(body);
}

export function statusAnswer(status: Status): Answer {
  const seconds = status.details?.retryAfterSeconds;
  const { code, ...unnumbered } = status;
  return {
    code,
    body: Buffer.from(JSON.stringify(status.status === "Success" ? unnumbered : status)), // only failures have a number
    ...(seconds !== undefined && { headers: { "retry-after": String(seconds) } }),
  };
}

/** Begins an answer that goes on until the watch ends. */
export function stream(response: HttpResponse, contentType: string, warnings: readonly string[]): WatchSink {
  response.statusCode = 200;
  response.setHeader("content-type", contentType);
  response.setHeader("cache-control", "no-cache, private");
  setWarnings(response, warnings);
  response.writeHead(200);
  if ("flushHeaders" in response) response.flushHeaders();
  // The two response types differ only in what their write accepts beside bytes.
  const write: (bytes: Buffer) => unknown = response.write.bind(response);
  return {
    get waitingBytes() {
      return response.writableLength;
    },
    write: (bytes) => {
      if (!response.writableEnded && !response.destroyed) write(bytes);
    },
    end: () => {
      if (!response.writableEnded) response.end();
    },
    drop: () => response.destroy(),
  };
}

/** RFC 9111's Warning header, code 299: what Kubernetes' clients show to their users. */
function setWarnings(response: HttpResponse, warnings: readonly string[] = []): void {
  if (warnings.length === 0) return;
  response.setHeader(
    "warning",
    warnings.map((text) => `299 - ${JSON.stringify(text)}`),
  );
}
