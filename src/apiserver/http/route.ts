import { badRequest } from "../status.ts";
import type { Subresource } from "../verbs/verb.ts";

/** A resource as a path names it: /apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME/SUBRESOURCE */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** Reads a path under /api/VERSION or /apis/GROUP/VERSION; undefined for any other. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const parts = path.split("/").slice(1).map(decoded);
  if (parts.at(-1) === "") parts.pop();
  const [root, ...rest] = parts;
  if (root === "api") return resourceOf("", rest);
  if (root === "apis") return resourceOf(rest[0] ?? "", rest.slice(1));
  return undefined;
}

/** What may follow the name of a namespace without being a resource in it. */
const ofNamespaces: readonly (string | undefined)[] = ["status", "finalize"] satisfies Subresource[];

function resourceOf(group: string, [version, ...parts]: readonly string[]): ResourcePath | undefined {
  if (version === undefined || parts.length === 0) return undefined;
  const [first, namespace, ...inNamespace] = parts;
  const isNamespaced = first === "namespaces" && inNamespace.length > 0 && !ofNamespaces.includes(inNamespace[0]);
  const [plural = "", name, subresource, ...more] = isNamespaced ? inNamespace : parts;
  if (more.length > 0) return undefined;
  return {
    group,
    version,
    plural,
    ...(isNamespaced && namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest(`the path contains "${part}", which is not valid percent-encoding`);
  }
}
