import type { ResourcePath } from "../http/route.ts";

/** What a user is about to do, as roles speak of it. */
export type Deed = ResourceDeed | PathDeed;

export interface ResourceDeed {
  readonly on: "resource";
  /** get, list, watch, create, update, patch, delete, deletecollection; roles may name others, such as bind. */
  readonly verb: string;
  readonly group: string;
  /** The plural name. */
  readonly resource: string;
  readonly subresource: string;
  /** "" for the whole cluster. */
  readonly namespace: string;
  /** "" for no object in particular. */
  readonly name: string;
}

export interface PathDeed {
  readonly on: "path";
  readonly verb: string;
  readonly path: string;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined for paths outside the API. */
  readonly resource: ResourcePath | undefined;
}

const verbs: Readonly<Record<string, readonly [ofObject: string, ofCollection: string]>> = {
  GET: ["get", "list"],
  HEAD: ["get", "list"],
  POST: ["create", "create"],
  PUT: ["update", "update"],
  PATCH: ["patch", "patch"],
  DELETE: ["delete", "deletecollection"],
};

/** What a request is about to do. A list of the one object that a field selector names counts as of that object. */
export function deedOf({ method, path, query, resource }: Asked): Deed {
  if (!resource) return { on: "path", verb: method.toLowerCase(), path };
  const { group, plural, name, subresource = "" } = resource;
  const [ofObject = "", ofCollection = ""] = verbs[method] ?? [];
  const verb = name === undefined ? ofCollection : ofObject;
  const isNamespace = group === "" && plural === "namespaces";
  return {
    on: "resource",
    verb: verb === "list" && isTrue(query.get("watch")) ? "watch" : verb,
    group,
    resource: plural,
    subresource,
    namespace: (isNamespace ? name : resource.namespace) ?? "",
    name: name ?? (ofCollection === "create" ? "" : namedBy(query)),
  };
}

const isTrue = (text: string | null) => text !== null && text !== "false" && text !== "0";

/** The name in a field selector that asks for one object alone. */
function namedBy(query: URLSearchParams): string {
  const terms = (query.get("fieldSelector") ?? "").split(",");
  const names = terms.flatMap((term) => /^metadata\.name==?([^=!]+)$/.exec(term)?.[1] ?? []);
  return names.length === 1 && names[0] !== undefined ? names[0] : "";
}

/** pods, or pods/log. */
export const resourceText = ({ resource, subresource }: Pick<ResourceDeed, "resource" | "subresource">) =>
  subresource === "" ? resource : `${resource}/${subresource}`;
