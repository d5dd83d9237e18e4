import { assert } from "../../lib/assert.ts";
import { Failure } from "../../lib/failure.ts";
import type { At, Resource } from "../object.ts";

/** The URL path of a collection, or of one object in it. */
export function pathOf(
  resource: Resource,
  at: { readonly namespace?: string | undefined; readonly name?: string; readonly subresource?: string | undefined },
): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const namespace = at.namespace && resource.namespaced ? `/namespaces/${segment(at.namespace)}` : "";
  const name = at.name === undefined ? "" : `/${segment(at.name)}`;
  return `${root}${namespace}/${resource.plural}${name}${at.subresource ? `/${at.subresource}` : ""}`;
}

/** The URL path of one object. @throws Failure "invalid" for names that would lead to another path */
export function objectPath(resource: Resource, at: At, subresource?: string): string {
  assert(!resource.namespaced || at.namespace, `a ${resource.kind} is addressed with its namespace`);
  return pathOf(resource, { ...at, subresource });
}

function segment(name: string): string {
  if (name === "" || name === "." || name === "..")
    throw new Failure("invalid", `"${name}" cannot be the name of an object or a namespace`);
  return encodeURIComponent(name);
}

/** "?a=1&b=2" of the parameters that are set, or "". */
export function queryOf(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const set = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  return set.length === 0
    ? ""
    : `?${set.map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`).join("&")}`;
}

/** "volumesnapshots.snapshot.storage.k8s.io", "pods": how messages name a resource. */
export function nameOf(resource: Resource): string {
  return resource.group ? `${resource.plural}.${resource.group}` : resource.plural;
}
