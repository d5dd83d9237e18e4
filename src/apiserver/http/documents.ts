import type { JsonObject } from "../../lib/json.ts";
import { aggregated, coreVersions, groupDocument, groupList, resourceList } from "../discovery/discovery.ts";
import { openApiDocument, openApiIndex } from "../openapi/openapi.ts";
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
    if (path === "/version") return answer({ ...release, platform: `${process.platform}/${process.arch}` });
    if (path.startsWith("/openapi/")) return openApi(path);
    const other = others.get(path);
    if (other) return answer(other(request.host));
    if (path.startsWith("/api")) return discovery(registry, { ...request, path });
    return undefined;
  };
}

/** Documents of OpenAPI are large, asked for rarely, and then several times in a row: kept until the kinds change. */
function openApiOf(registry: Registry): (path: string) => Answer | undefined {
  let kept = new Map<string, Answer | undefined>();
  let version = registry.version;
  return (path) => {
    if (version !== registry.version) kept = new Map();
    version = registry.version;
    if (!kept.has(path) && kept.size < keptLimit) kept.set(path, openApiAnswer(registry, path));
    return kept.get(path);
  };
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

function discovery(registry: Registry, { path, accept, host }: DocumentRequest): Answer | undefined {
  const kinds = registry.kinds();
  if (path === "/api" || path === "/apis") {
    if (wantsAggregated(accept)) return answer(aggregated(kinds, path), aggregatedType);
    return answer(path === "/api" ? coreVersions(host) : groupList(kinds));
  }
  const [, root, group = "", version, ...more] = path.split("/");
  if (more.length > 0) return undefined;
  if (root === "api" && version === undefined) return found(resourceList(kinds, "", group));
  if (root !== "apis") return undefined;
  return found(version === undefined ? groupDocument(kinds, group) : resourceList(kinds, group, version));
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
