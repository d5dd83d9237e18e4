import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
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
  const history = historyOf();
  const watches = new Map<ServerResponse, number>();
  const asked: Asked[] = [];
  let heldBack = false;
  const flush = () => {
    if (heldBack) return;
    for (const [response, from] of watches) {
      for (const { type, object } of history.since(from)) response.write(`${JSON.stringify({ type, object })}\n`);
      watches.set(response, history.version);
    }
  };
  history.onChange = flush;
  const server = createServer((incoming, response) => {
    void readAll(incoming).then((body) => {
      const url = new URL(incoming.url ?? "/", "http://server");
      const request = { method: incoming.method ?? "", path: url.pathname, query: url.searchParams, body };
      asked.push(request);
      if (api.fault?.(request, response)) return;
      if (!request.query.get("watch")) return serve(history, request, response);
      watch(history, request, response, watches);
      flush();
    });
  });
  const client = clientOf(await portOf(server));
  const forget = (work: (response: ServerResponse) => unknown) => {
    for (const response of watches.keys()) work(response);
    watches.clear();
  };
  const api: HistoryApi = {
    client,
    asked,
    objects: history.objects,
    fault: undefined,
    put: history.put,
    remove: history.remove,
    get heldBack() {
      return heldBack;
    },
    set heldBack(held) {
      heldBack = held;
      flush();
    },
    cutWatches: () => forget((response) => response.destroy()),
    endWatches: () => forget((response) => response.end()),
    say: (line) => {
      for (const response of watches.keys()) response.write(line);
    },
    compact: history.compact,
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

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port; // it listens on TCP
}

function clientOf(port: number): KubeClient {
  return kubeClient({
    config: {
      server: `http://127.0.0.1:${port}`,
      tls: {},
      credentials: fixedCredentials({ headers: {} }),
      namespace: "default",
    },
    userAgent: "groupsnap-test",
    clock: systemClock,
    random: systemRandom,
  });
}

interface History {
  readonly version: number;
  readonly compactedAt: number;
  readonly objects: ReadonlyMap<string, Thing>;
  onChange: () => void;
  since(version: number): readonly Happened[];
  happen(type: Happened["type"], object: Thing): Thing;
  fresh(metadata: object, rest: object): Thing;
  put: HistoryApi["put"];
  remove: HistoryApi["remove"];
  compact(): void;
}

/** Versions of things, and what each brought. */
function historyOf(): History {
  const objects = new Map<string, Thing>();
  let happened: Happened[] = [];
  let version = 10;
  let compactedAt = 0;
  let uids = 0;
  const history: History = {
    get version() {
      return version;
    },
    get compactedAt() {
      return compactedAt;
    },
    objects,
    onChange: () => undefined,
    since: (from) => happened.filter((each) => each.version > from),
    happen(type, before) {
      version++;
      const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } };
      if (type === "DELETED") objects.delete(keyOf(object.metadata));
      else objects.set(keyOf(object.metadata), object);
      happened.push({ type, object, version });
      history.onChange();
      return object;
    },
    fresh(metadata, rest) {
      const made = { ...metadata, uid: `uid-${++uids}`, creationTimestamp: "2026-01-01T00:00:00Z" };
      return { apiVersion: "example.com/v1", kind: "Thing", ...rest, metadata: made } as Thing; // happen() sets its version
    },
    put(name, change = {}) {
      const old = objects.get(`demo/${name}`);
      const labels = change.labels && { labels: change.labels };
      const spec = change.spec ?? old?.spec ?? { size: 1 };
      if (!old) return history.happen("ADDED", history.fresh({ name, namespace: "demo", ...labels }, { spec }));
      return history.happen("MODIFIED", { ...old, spec, metadata: { ...old.metadata, ...labels } });
    },
    remove(name) {
      const old = objects.get(`demo/${name}`);
      if (old) removeObject(history, old);
    },
    compact() {
      compactedAt = version;
      happened = [];
    },
  };
  return history;
}

function serve(history: History, request: Asked, response: ServerResponse) {
  const [, , , , , namespace, , name, subresource] = request.path.split("/");
  if (request.method === "POST") return createObject(history, request, response, namespace ?? "");
  if (name === undefined) {
    const metadata = { resourceVersion: String(history.version) };
    return answer(response, 200, { metadata, items: [...history.objects.values()] });
  }
  const old = history.objects.get(`${namespace}/${name}`);
  if (!old) return refuse(response, 404, "NotFound");
  if (request.method === "GET") return answer(response, 200, old);
  if (request.method === "DELETE") return answer(response, 200, removeObject(history, old));
  const body = JSON.parse(request.body);
  const base = request.method === "PATCH" ? merged(old, body) : body;
  if (base.metadata.resourceVersion !== old.metadata.resourceVersion) return refuse(response, 409, "Conflict");
  const next =
    subresource === "status" ? { ...old, status: base.status } : { ...base, ...(old.status && { status: old.status }) };
  const gone = next.metadata.deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0;
  return answer(response, 200, history.happen(gone ? "DELETED" : "MODIFIED", next));
}

function createObject(history: History, request: Asked, response: ServerResponse, namespace: string) {
  const draft = JSON.parse(request.body);
  if (history.objects.has(`${namespace}/${draft.metadata.name}`)) return refuse(response, 409, "AlreadyExists");
  return answer(response, 201, history.happen("ADDED", history.fresh(draft.metadata, draft)));
}

/** As a server answers a deletion: with the object while finalizers hold it, else with a Status that names its uid. */
function removeObject(history: History, old: Thing): object {
  if ((old.metadata.finalizers ?? []).length > 0)
    return history.happen("MODIFIED", {
      ...old,
      metadata: { ...old.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" },
    });
  history.happen("DELETED", old);
  const details = { uid: old.metadata.uid };
  return { apiVersion: "v1", kind: "Status", metadata: {}, status: "Success", code: 200, details };
}

function watch(history: History, request: Asked, response: ServerResponse, watches: Map<ServerResponse, number>): void {
  const from = Number(request.query.get("resourceVersion"));
  response.writeHead(200);
  response.flushHeaders();
  if (from < history.compactedAt) {
    response.end(`${JSON.stringify({ type: "ERROR", object: statusOf(410, "Expired") })}\n`);
    return;
  }
  watches.set(response, from);
  response.on("close", () => watches.delete(response));
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
