import { createHash } from "node:crypto";
import type { JsonObject } from "../../lib/json.ts";
import { aggregated, coreVersions, groupDocument, groupList, resourceList } from "../discovery/discovery.ts";
import { openApiAddress, openApiDocument, openApiIndex } from "../openapi/openapi.ts";
import type { Registry } from "../registry.ts";
import { mediaTypes } from "./accept.ts";
import type { Answer } from "./respond.ts";

/** The Kubernetes release whose behaviour this server follows. */
const release = { major: "1", minor: "37", gitVersion: "v1.37.0+groupsnap" };

export interface DocumentRequest {
  readonly path: string;
  readonly accept: string;
  /** How the client addressed the server. */
  readonly host: string;
  readonly query: URLSearchParams;
  /** The version that the client has already: the ETag of an earlier answer. */
  readonly known: string | undefined;
}

/**
 * What the server says about itself: version, discovery, OpenAPI. Undefined for other paths.
 *
 * @param others documents that other parts of the server have, by path
 */
export function documentsOf(
  registry: Registry,
  others: ReadonlyMap<string, (host: string) => JsonObject> = new Map(),
): (request: DocumentRequest) => Answer | undefined {
  const openApi = openApiOf(registry);
  return (request) => {
    const path = request.path.length > 1 ? request.path.replace(/\/$/, "") : request.path;
    if (path === "/") return answer({ paths: rootPaths(registry) });
    if (path === "/version") return answer({ ...release, platform: `${process.platform}/${process.arch}` });
    if (path.startsWith("/openapi/")) return openApi(path, request.query.get("hash"));
    const other = others.get(path);
    if (other) return answer(other(request.host));
    if (path.startsWith("/api")) return discovery(registry, { ...request, path });
    return undefined;
  };
}

/** What is served, as far as it has a path of its own. */
function rootPaths(registry: Registry): readonly string[] {
  const groups = registry.kinds().flatMap(({ group, version }) => {
    return group === "" ? [`/api/${version}`] : [`/apis/${group}`, `/apis/${group}/${version}`];
  });
  const fixed = ["/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"];
  return [...new Set([...fixed, ...groups])].sort();
}

/** Documents of OpenAPI are large, asked for rarely, and then several times in a row: kept until the kinds change. */
function openApiOf(registry: Registry): (path: string, hash: string | null) => Answer | undefined {
  let kept = new Map<string, Answer | undefined>();
  let version = registry.version;
  return (path, hash) => {
    if (version !== registry.version) kept = new Map();
    version = registry.version;
    if (!kept.has(path) && kept.size < keptLimit) kept.set(path, openApiAnswer(registry, path));
    const found = kept.get(path);
    return found && hash !== null
      ? atHash(found, { current: openApiAddress(registry.kinds(), path), path, hash })
      : found;
  };
}

interface Hashed {
  /** The path with the hash of what is there now. */
  readonly current: string | undefined;
  readonly path: string;
  readonly hash: string;
}

/** What is found under its own hash never changes; any other hash leads to the one of now. */
function atHash(found: Answer, { current, path, hash }: Hashed): Answer {
  if (current === undefined) return found;
  if (current !== `${path}?hash=${hash}`) return { code: 301, body: Buffer.alloc(0), headers: { location: current } };
  return { ...found, headers: { "cache-control": "public, immutable", etag: `"${hash}"`, vary: "Accept" } };
}

/** More than any cluster has group versions: what is made up by clients is not kept without end. */
const keptLimit = 1000;

function openApiAnswer(registry: Registry, path: string): Answer | undefined {
  if (path === "/openapi/v3") return answer(openApiIndex(registry.kinds()));
  const [, , , root, group = "", version = "", ...more] = path.split("/");
  if (more.length > 0) return undefined;
  const [inGroup, inVersion] = root === "api" ? ["", group] : [group, version];
  if (root !== "api" && root !== "apis") return undefined;
  const kinds = registry.kinds().filter((kind) => kind.group === inGroup && kind.version === inVersion);
  return kinds.length > 0 ? answer(openApiDocument(kinds)) : undefined;
}

function discovery(registry: Registry, { path, accept, host, known }: DocumentRequest): Answer | undefined {
  const kinds = registry.kinds();
  if (path === "/api" || path === "/apis") {
    if (wantsAggregated(accept)) return unlessKnown(answer(aggregated(kinds, path), aggregatedType), known);
    return answer(path === "/api" ? coreVersions(host) : groupList(kinds));
  }
  const [, root, group = "", version, ...more] = path.split("/");
  if (more.length > 0) return undefined;
  if (root === "api" && version === undefined) return found(resourceList(kinds, "", group));
  if (root !== "apis") return undefined;
  return found(version === undefined ? groupDocument(kinds, group) : resourceList(kinds, group, version));
}

/** An answer with its ETag, or 304 for a client that has it already. */
function unlessKnown(found: Answer, known: string | undefined): Answer {
  const etag = `"${createHash("sha512").update(found.body).digest("hex").toUpperCase()}"`;
  const headers = { etag, vary: "Accept" };
  return known === etag ? { ...found, code: 304, body: Buffer.alloc(0), headers } : { ...found, headers };
}

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

function wantsAggregated(accept: string): boolean {
  return mediaTypes(accept).some(
    ({ type, parameters }) =>
      type === "application/json" && parameters.get("as") === "APIGroupDiscoveryList" && parameters.get("v") === "v2",
  );
}

const found = (document: JsonObject | undefined) => (document ? answer(document) : undefined);

const answer = (document: JsonObject, contentType = "application/json"): Answer => ({
  code: 200,
  body: Buffer.from(JSON.stringify(document)),
  contentType,
});
