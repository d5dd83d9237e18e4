import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fixedCredentials } from "../kube/client/connection.ts";
import { type KubeClient, kubeClient } from "../kube/client/kube-client.ts";
import { type KubeObject, keyOf, type Resource } from "../kube/object.ts";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";

export interface Thing extends KubeObject {
  readonly spec: { readonly size: number; readonly parent?: string };
  readonly status?: { readonly note?: string };
}

export const things: Resource<Thing> = {
  group: "example.com",
  version: "v1",
  plural: "things",
  kind: "Thing",
  namespaced: true,
};

interface Happened {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: Thing;
  readonly version: number;
}

/** What a test lets the server do instead of its work; the response is then the fault's. True when it did. */
type Fault = (request: Asked, response: ServerResponse) => boolean;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

/**
 * The smallest real server that a client, a cache and a controller can be tried against: one kind, over HTTP, with a
 * history of versions, and a way to go wrong at any request. (The embedded API server is the one that behaves well.)
 */
export interface HistoryApi {
  readonly client: KubeClient;
  readonly asked: readonly Asked[];
  readonly objects: ReadonlyMap<string, Thing>;
  fault: Fault | undefined;
  /** While true, watches are held back: caches fall behind. */
  heldBack: boolean;
  put(
    name: string,
    change?: { readonly spec?: Thing["spec"]; readonly labels?: Readonly<Record<string, string>> },
  ): Thing;
  remove(name: string): void;
  /** Breaks every open watch, in the middle of the stream. */
  cutWatches(): void;
  /** Ends every open watch as a server does. */
  endWatches(): void;
  /** Writes this to every open watch. */
  say(line: string): void;
  /** Forgets the history: watches from before are answered with 410. */
  compact(): void;
  readonly watchers: number;
  close(): void;
}

export async function historyApi(): Promise<HistoryApi> {
  const objects = new Map<string, Thing>();
  let history: Happened[] = [];
  let version = 10;
  let compactedAt = 0;
  let uids = 0;
  const watches = new Map<ServerResponse, number>();
  const asked: Asked[] = [];

  const happen = (type: Happened["type"], before: Thing): Thing => {
    version++;
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } };
    if (type === "DELETED") objects.delete(keyOf(object.metadata));
    else objects.set(keyOf(object.metadata), object);
    history.push({ type, object, version });
    flush();
    return object;
  };
  const flush = () => {
    if (api.heldBack) return;
    for (const [response, from] of watches) {
      for (const { type, object } of history.filter((each) => each.version > from))
        response.write(`${JSON.stringify({ type, object })}\n`);
      watches.set(response, version);
    }
  };
  const fresh = (metadata: object, rest: object): Thing =>
    ({
      apiVersion: "example.com/v1",
      kind: "Thing",
      ...rest,
      metadata: { ...metadata, uid: `uid-${++uids}`, creationTimestamp: "2026-01-01T00:00:00Z" },
    }) as Thing; // happen() sets the version
  const write = (old: Thing, next: Thing): Thing => {
    const gone = next.metadata.deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0;
    return happen(gone ? "DELETED" : "MODIFIED", { ...next, metadata: { ...next.metadata, uid: old.metadata.uid } });
  };

  const serve = (request: Asked, response: ServerResponse) => {
    const [, , , , , namespace, , name, subresource] = request.path.split("/");
    const isNamespaced = request.path.includes("/namespaces/");
    if (!isNamespaced || name === undefined) {
      if (request.method === "POST") return create(request, response, namespace ?? "");
      return request.query.get("watch") ? watch(request, response) : list(response);
    }
    const old = objects.get(`${namespace}/${name}`);
    if (!old) return refuse(response, 404, "NotFound");
    if (request.method === "GET") return answer(response, 200, old);
    if (request.method === "DELETE") return answer(response, 200, remove(old));
    const body = JSON.parse(request.body);
    const base = request.method === "PATCH" ? merged(old, body) : body;
    if (base.metadata.resourceVersion !== old.metadata.resourceVersion) return refuse(response, 409, "Conflict");
    answer(
      response,
      200,
      write(
        old,
        subresource === "status"
          ? { ...old, status: base.status }
          : { ...base, ...(old.status && { status: old.status }) },
      ),
    );
  };
  const create = (request: Asked, response: ServerResponse, namespace: string) => {
    const draft = JSON.parse(request.body);
    if (objects.has(`${namespace}/${draft.metadata.name}`)) return refuse(response, 409, "AlreadyExists");
    answer(response, 201, happen("ADDED", fresh(draft.metadata, draft)));
  };
  const remove = (old: Thing) => {
    if ((old.metadata.finalizers ?? []).length === 0) {
      happen("DELETED", old);
      return {
        apiVersion: "v1",
        kind: "Status",
        metadata: {},
        status: "Success",
        code: 200,
        details: { uid: old.metadata.uid },
      };
    }
    return happen("MODIFIED", { ...old, metadata: { ...old.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } });
  };
  const list = (response: ServerResponse) =>
    answer(response, 200, { metadata: { resourceVersion: String(version) }, items: [...objects.values()] });
  const watch = (request: Asked, response: ServerResponse) => {
    const from = Number(request.query.get("resourceVersion"));
    response.writeHead(200);
    response.flushHeaders();
    if (from < compactedAt)
      return void response.end(`${JSON.stringify({ type: "ERROR", object: statusOf(410, "Expired") })}\n`);
    watches.set(response, from);
    response.on("close", () => watches.delete(response));
    flush();
  };

  const server = createServer((incoming, response) => {
    void readAll(incoming).then((body) => {
      const url = new URL(incoming.url ?? "/", "http://server");
      const request = { method: incoming.method ?? "", path: url.pathname, query: url.searchParams, body };
      asked.push(request);
      if (!api.fault?.(request, response)) serve(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = kubeClient({
    config: {
      server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      tls: {},
      credentials: fixedCredentials({ headers: {} }),
      namespace: "default",
    },
    userAgent: "groupsnap-test",
    clock: systemClock,
    random: systemRandom,
  });
  let heldBack = false;
  const api: HistoryApi = {
    client,
    asked,
    objects,
    fault: undefined,
    get heldBack() {
      return heldBack;
    },
    set heldBack(held) {
      heldBack = held;
      flush();
    },
    put(name, change = {}) {
      const old = objects.get(`demo/${name}`);
      const metadata = { name, namespace: "demo", ...(change.labels && { labels: change.labels }) };
      if (!old) return happen("ADDED", fresh(metadata, { spec: change.spec ?? { size: 1 } }));
      const next = { ...old, spec: change.spec ?? old.spec };
      return happen("MODIFIED", {
        ...next,
        metadata: { ...old.metadata, ...(change.labels && { labels: change.labels }) },
      });
    },
    remove(name) {
      const old = objects.get(`demo/${name}`);
      if (old) remove(old);
    },
    cutWatches: () => {
      for (const response of watches.keys()) response.destroy();
      watches.clear();
    },
    endWatches: () => {
      for (const response of watches.keys()) response.end();
      watches.clear();
    },
    say: (line) => {
      for (const response of watches.keys()) response.write(line);
    },
    compact: () => {
      compactedAt = version;
      history = [];
    },
    get watchers() {
      return watches.size;
    },
    close: () => {
      client.close();
      server.closeAllConnections();
      server.close();
    },
  };
  return api;
}

/** As far as the tests need a merge patch. */
function merged<T extends object>(target: T, patch: object): T {
  const result = { ...target } as Record<string, unknown>;
  for (const [key, value] of Object.entries(patch)) {
    const isNested = typeof value === "object" && value !== null && !Array.isArray(value);
    result[key] = isNested ? merged((result[key] ?? {}) as object, value) : value;
  }
  return result as T;
}

function answer(response: ServerResponse, code: number, body: unknown) {
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function statusOf(code: number, reason: string) {
  return {
    apiVersion: "v1",
    kind: "Status",
    metadata: {},
    status: "Failure",
    code,
    reason,
    message: `it is ${reason}`,
  };
}

/** Answers with a Status. */
export function refuse(response: ServerResponse, code: number, reason: string) {
  answer(response, code, statusOf(code, reason));
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
