import { createHash } from "node:crypto";
import type { JsonObject } from "../../lib/json.ts";
import type { Kind } from "../kinds/kind.ts";
import { compareVersions } from "./version.ts";

/** The verbs that every resource has; Kubernetes lists them sorted. */
const resourceVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const statusVerbs = ["get", "patch", "update"];

/** /api: the versions of the core group. */
export function coreVersions(serverAddress: string): JsonObject {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

/** /apis: every group but the core one. */
export function groupList(kinds: readonly Kind[]): JsonObject {
  return { kind: "APIGroupList", apiVersion: "v1", groups: namedGroups(kinds).map((group) => groupOf(kinds, group)) };
}

/** /apis/GROUP, or undefined if nothing of the group is served. */
export function groupDocument(kinds: readonly Kind[], group: string): JsonObject | undefined {
  if (!namedGroups(kinds).includes(group)) return undefined;
  return { kind: "APIGroup", apiVersion: "v1", ...groupOf(kinds, group) };
}

/** /api/v1 and /apis/GROUP/VERSION, or undefined if nothing of it is served. */
export function resourceList(kinds: readonly Kind[], group: string, version: string): JsonObject | undefined {
  const served = kindsIn(kinds, group, version);
  if (served.length === 0) return undefined;
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: groupVersionOf(group, version),
    resources: served.flatMap(resourcesOf),
  };
}

/** /api and /apis as apidiscovery.k8s.io/v2 APIGroupDiscoveryList: everything in one document. */
export function aggregated(kinds: readonly Kind[], path: "/api" | "/apis"): JsonObject {
  const groups = path === "/api" ? [""] : namedGroups(kinds);
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groups.map((group) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: versionsOf(kinds, group).map((version) => ({
        version,
        freshness: "Current",
        resources: kindsIn(kinds, group, version).map(resourceDiscovery),
      })),
    })),
  };
}

/** The version clients should use: the first by version priority. */
export function preferredVersion(kinds: readonly Kind[], group: string): string | undefined {
  return versionsOf(kinds, group)[0];
}

const groupVersionOf = (group: string, version: string) => (group === "" ? version : `${group}/${version}`);

const kindsIn = (kinds: readonly Kind[], group: string, version: string) =>
  kinds.filter((kind) => kind.group === group && kind.version === version);

function namedGroups(kinds: readonly Kind[]): readonly string[] {
  return [...new Set(kinds.map((kind) => kind.group))].filter((group) => group !== "").sort();
}

function versionsOf(kinds: readonly Kind[], group: string): readonly string[] {
  const versions = kinds.filter((kind) => kind.group === group).map((kind) => kind.version);
  return [...new Set(versions)].sort(compareVersions);
}

function groupOf(kinds: readonly Kind[], group: string): JsonObject {
  const versions = versionsOf(kinds, group).map((version) => ({
    groupVersion: groupVersionOf(group, version),
    version,
  }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function resourcesOf(kind: Kind): readonly JsonObject[] {
  const resource: JsonObject = {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: verbsOf(kind),
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(kind.isRequest ? {} : { storageVersionHash: storageVersionHash(kind) }),
  };
  const under = subresourcesOf(kind).map(({ name, kind: own, verbs }) => ({
    name: `${kind.plural}/${name}`,
    singularName: "",
    namespaced: kind.namespaced,
    ...(own !== kind && { group: own.group, version: own.version }),
    kind: own.kind,
    verbs,
  }));
  return [resource, ...under];
}

/** Changes when objects come to be stored in another version, which is when they should all be written anew. */
function storageVersionHash({ group, storageVersion, kind }: Kind): string {
  const hash = createHash("sha256").update(`${group}/${storageVersion}/${kind}`).digest();
  return hash.subarray(0, storageVersionHashBytes).toString("base64");
}

/** Kubernetes' own length. */
const storageVersionHashBytes = 8;

const verbsOf = (kind: Kind) => (kind.isRequest ? ["create"] : resourceVerbs);

function subresourcesOf(
  kind: Kind,
): readonly { readonly name: string; readonly kind: Kind; readonly verbs: readonly string[] }[] {
  const finalize = kind.hasFinalize ? [{ name: "finalize", kind, verbs: ["update"] }] : [];
  const status = kind.hasStatus ? [{ name: "status", kind, verbs: statusVerbs }] : [];
  return [...finalize, ...(kind.subresources ?? []), ...status];
}

const kindId = ({ group, version, kind }: Kind) => ({ group, version, kind });

function resourceDiscovery(kind: Kind): JsonObject {
  const under = subresourcesOf(kind).map(({ name, kind: own, verbs }) => ({
    subresource: name,
    responseKind: kindId(own),
    verbs,
  }));
  return {
    resource: kind.plural,
    responseKind: kindId(kind),
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs: verbsOf(kind),
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(under.length > 0 ? { subresources: under } : {}),
  };
}
