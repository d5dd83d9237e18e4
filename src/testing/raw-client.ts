import type { IncomingHttpHeaders } from "node:http";
import { Agent, type RequestOptions, request } from "node:https";
import { type JsonObject, parseJson } from "../lib/json.ts";

/** Plain HTTP/1.1 requests to an API server, with nothing between a test and the bytes. */
export interface RawClient {
  send(method: string, path: string, options?: RawOptions): Promise<RawAnswer>;
  /** Opens a watch; resolves with its answer's head. */
  watch(path: string, options?: RawOptions): Promise<RawWatch>;
  close(): void;
}

export interface RawOptions {
  /** Sent as JSON, or as it is if it is a string. */
  readonly body?: object | string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

export interface RawAnswer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body. @throws SyntaxError if it is not JSON */
  readonly body: JsonObject;
}

export interface RawEvent {
  readonly type: string;
  readonly object: JsonObject;
}

export interface RawWatch {
  readonly code: number;
  /** The events that came so far. */
  readonly events: readonly RawEvent[];
  /** Resolves with the first event, past or future, for which `isIt` holds. @throws Error if the watch ends before */
  next(isIt: (event: RawEvent) => boolean): Promise<RawEvent>;
  /** Resolves when the server has ended the watch. */
  readonly ended: Promise<void>;
  close(): void;
}

export interface RawTarget {
  readonly url: string;
  readonly caPem: string;
  readonly adminToken: string;
}

/** A client that holds the admin's token; `authorization` in the headers of a request takes its place. */
export function rawClient(target: RawTarget): RawClient {
  const agent = new Agent({ keepAlive: true, ca: target.caPem });
  const open = (method: string, path: string, { body, contentType, headers }: RawOptions = {}) => {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const options: RequestOptions = {
      method,
      agent,
      headers: {
        authorization: `Bearer ${target.adminToken}`,
        ...(text !== undefined && {
          "content-type": contentType ?? "application/json",
          "content-length": Buffer.byteLength(text),
        }),
        ...headers,
      },
    };
    const outgoing = request(target.url + path, options);
    outgoing.end(text);
    return outgoing;
  };
  return {
    send: function send(method, path, options): Promise<RawAnswer> {
      return new Promise((resolve, reject) => {
        const outgoing = open(method, path, options);
        // A server that was restarted has closed the connections kept from before.
        outgoing.on("error", (error) => (outgoing.reusedSocket ? resolve(send(method, path, options)) : reject(error)));
        outgoing.on("response", (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            resolve({
              code: incoming.statusCode ?? 0,
              headers: incoming.headers,
              text,
              get body() {
                return parseJson(text) as JsonObject; // every JSON answer of an API server is an object
              },
            });
          });
        });
      });
    },
    watch: function watch(path, options): Promise<RawWatch> {
      return new Promise((resolve, reject) => {
        const outgoing = open("GET", path, options);
        outgoing.on("error", (error) => (outgoing.reusedSocket ? resolve(watch(path, options)) : reject(error)));
        outgoing.on("response", (incoming) => resolve(readEvents(incoming, () => outgoing.destroy())));
      });
    },
    close: () => agent.destroy(),
  };
}

function readEvents(incoming: import("node:http").IncomingMessage, close: () => void): RawWatch {
  const events: RawEvent[] = [];
  let check: () => void = () => undefined;
  let over = false;
  let rest = "";
  incoming.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) events.push(parseJson(line) as unknown as RawEvent); // the server's frames are checked by tests
    check();
  });
  const ended = new Promise<void>((resolve) => {
    incoming.on("close", () => {
      over = true;
      check();
      resolve();
    });
  });
  incoming.on("error", () => undefined); // "close" follows
  const next = (isIt: (event: RawEvent) => boolean) =>
    new Promise<RawEvent>((resolve, reject) => {
      check = () => {
        const found = events.find(isIt);
        if (found) resolve(found);
        else if (over)
          reject(new Error(`the watch ended after ${events.map(({ type }) => type).join(", ") || "no event"}`));
      };
      check();
    });
  return { code: incoming.statusCode ?? 0, events, next, ended, close };
}
