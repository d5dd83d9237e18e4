import type { JsonObject } from "../../lib/json.ts";
import { aggregated, coreVersions, groupDocument, groupList, resourceList } from "../discovery/discovery.ts";
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

/** What the server says about itself: version, discovery, OpenAPI. Undefined for other paths. */
export function documentsOf(registry: Registry): (request: DocumentRequest) => Answer | undefined {
  return (request) => {
    const path = request.path.length > 1 ? request.path.replace(/\/$/, "") : request.path;
    if (path === "/version") return answer({ ...release, platform: `${process.platform}/${process.arch}` });
    return discovery(registry, { ...request, path });
  };
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
