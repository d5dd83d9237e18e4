import type { Clock } from "../../lib/clock.ts";
import { Failure, isFailure } from "../../lib/failure.ts";
import type { Json } from "../../lib/json.ts";
import { limiter } from "../../lib/limit.ts";
import type { Random } from "../../lib/random.ts";
import { type At, type KubeObject, keyOf, type Resource } from "../object.ts";
import type { Call, Client, DeleteCall, Patch, RawRequest } from "./client.ts";
import type { ConnectionConfig } from "./connection.ts";
import { isGone } from "./deletion.ts";
import { asStatus } from "./failures.ts";
import { httpTransport } from "./http-transport.ts";
import { listPages } from "./list.ts";
import { nameOf, objectPath, pathOf } from "./paths.ts";
import { type Requests, requests } from "./requests.ts";
import { throttle } from "./throttle.ts";
import type { Method, Transport } from "./transport.ts";
import { openWatch } from "./watch.ts";

export interface KubeClientOptions {
  readonly config: ConnectionConfig;
  /** Names the process to the server's logs and metrics: "groupsnap-snapshot-controller/1.0". */
  readonly userAgent: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Requests a second, on average; no limit when absent. */
  readonly qps?: number | undefined;
  /** Requests at once on top of `qps`; twice `qps` when absent. */
  readonly burst?: number | undefined;
  /** Requests under way at once, watches not counted; the others wait in order. */
  readonly maxInFlight?: number;
  /** What carries the requests; HTTP to `config.server` when absent. */
  readonly transport?: Transport;
  /** Asked in the moment in which a write goes out over HTTP; what it throws is thrown to the caller, and nothing is sent. */
  readonly permit?: (() => void) | undefined;
}

/** Enough to keep a server on the same machine busy, few enough for it to stay fair to its other clients. */
const defaultMaxInFlight = 64;

/** A client, and the way to break all its connections. */
export interface KubeClient extends Client {
  close(): void;
}

/** A client of one API server on kept HTTP/1.1 connections. @throws Failure "invalid" if the address or certificates are unusable */
export function kubeClient(options: KubeClientOptions): KubeClient {
  const { clock, qps } = options;
  const transport = options.transport ?? httpTransport(options.config, options.permit);
  const http = requests({
    ...options,
    transport,
    limiter: limiter(options.maxInFlight ?? defaultMaxInFlight),
    throttle: qps === undefined ? undefined : throttle({ qps, burst: options.burst ?? 2 * qps, clock }),
  });
  const get = <T extends KubeObject>(resource: Resource<T>, at: At, call: Call) =>
    one<T>(http, { method: "GET", verb: "get", resource, at, call });

  return {
    get,
    find: (resource, at, call) => get(resource, at, call).catch(undefinedIfNotFound),
    list: (resource, call) => listPages(http, resource, call),
    create: (resource, draft, call) => {
      const { namespace, name = "", generateName } = { name: undefined, generateName: undefined, ...draft.metadata };
      const what = `create ${nameOf(resource)} ${keyOf({ namespace, name: name || `${generateName ?? ""}*` })}`;
      const path = pathOf(resource, { namespace });
      return typed(resource, http.json({ method: "POST", path, what, body: draft, signal: call.signal }));
    },
    update: (resource, object, call) =>
      one(http, { method: "PUT", verb: "update", resource, at: object.metadata, call, body: object }),
    updateStatus: (resource, object, call) =>
      one(http, {
        method: "PUT",
        verb: "update",
        resource,
        at: object.metadata,
        call,
        body: object,
        subresource: "status",
      }),
    patch: (resource, at, patch, call) =>
      one(http, {
        method: "PATCH",
        verb: "patch",
        resource,
        at,
        call,
        subresource: call.subresource,
        ...patchBody(patch),
      }),
    delete: (resource, at, call) => remove(http, resource, at, call),
    watch: (resource, call) => openWatch({ http, clock, server: options.config.server }, resource, call),
    raw: (request) => raw(http, request),
    close: () => transport.close(),
  };
}

interface OneRequest<T extends KubeObject> {
  readonly method: Method;
  readonly verb: string;
  readonly resource: Resource<T>;
  readonly at: At;
  readonly call: Call;
  readonly subresource?: string | undefined;
  readonly body?: unknown;
  readonly contentType?: string;
}

function one<T extends KubeObject>(http: Requests, request: OneRequest<T>): Promise<T> {
  const { method, verb, resource, at, call, subresource, ...body } = request;
  const what = `${verb} ${nameOf(resource)}${subresource ? `/${subresource}` : ""} ${keyOf(at)}`;
  const path = objectPath(resource, { namespace: at.namespace, name: at.name }, subresource);
  return typed(resource, http.json({ method, path, what, signal: call.signal, ...body }));
}

/**
 * The server's answer, as the type that the resource declares: the schema holds it to that, not we.
 *
 * @throws Failure "unavailable" where the kind is not served: its objects may be there all the same, so none is called missing
 */
async function typed<T extends KubeObject>(resource: Resource<T>, answer: Promise<Json>): Promise<T> {
  try {
    return (await answer) as unknown as T; // an API server answers with an object of the kind it was asked for
  } catch (error) {
    if (!isFailure(error, "notFound") || namesAnObject(error)) throw error;
    const remedy = `${nameOf(resource)} is not served in version ${resource.version}: install its CustomResourceDefinition`;
    throw new Failure("unavailable", `${error.message}; ${remedy}`, { cause: error });
  }
}

/** What is missing has a name; a path that nothing serves has none. */
function namesAnObject({ details }: Failure): boolean {
  return Boolean(asStatus(details)?.details?.name);
}

function undefinedIfNotFound(error: unknown): undefined {
  if (isFailure(error, "notFound")) return undefined;
  throw error;
}

function patchBody(patch: Patch): { readonly body: unknown; readonly contentType: string } {
  return patch.type === "json"
    ? { body: patch.operations, contentType: "application/json-patch+json" }
    : { body: patch.patch, contentType: "application/merge-patch+json" };
}

async function remove<T extends KubeObject>(
  http: Requests,
  resource: Resource<T>,
  at: At,
  call: DeleteCall,
): Promise<T | undefined> {
  const { uid, resourceVersion } = call;
  const body = {
    apiVersion: "v1",
    kind: "DeleteOptions",
    ...((uid ?? resourceVersion) && { preconditions: { uid, resourceVersion } }),
    ...(call.propagation && { propagationPolicy: call.propagation }),
  };
  const answer = await one<T>(http, { method: "DELETE", verb: "delete", resource, at, call, body }).catch(
    undefinedIfNotFound,
  );
  const status = asStatus(answer);
  if (!status) {
    if (answer && isGone(answer)) call.gone?.(answer.metadata.uid);
    return answer;
  }
  const goneUid = status.details?.uid ?? uid;
  if (goneUid) call.gone?.(goneUid);
  return undefined;
}

function raw(http: Requests, request: RawRequest): Promise<Json> {
  const { method, path, body, contentType, signal } = request;
  const type = contentType ?? (method === "PATCH" ? "application/merge-patch+json" : undefined);
  const what = `${method} ${path.split("?")[0]}`;
  return http.json({
    method,
    path,
    what,
    signal,
    ...(body !== undefined && { body }),
    ...(type && { contentType: type }),
  });
}
