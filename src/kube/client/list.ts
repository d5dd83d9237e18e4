import { Failure, isFailure } from "../../lib/failure.ts";
import type { Json } from "../../lib/json.ts";
import { apiVersionOf, type KubeObject, type Resource } from "../object.ts";
import type { List, ListCall } from "./client.ts";
import { nameOf, pathOf, queryOf } from "./paths.ts";
import type { Requests } from "./requests.ts";

/** What kube-apiserver's own clients ask for: small enough to answer fast, large enough to be few. */
const pageSize = 500;

interface Page<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[] | null;
}

/** Reads a whole list at one version, in pages; at once if its version is given up by the server on the way. */
export async function listPages<T extends KubeObject>(
  http: Requests,
  resource: Resource<T>,
  call: ListCall,
): Promise<List<T>> {
  const first = await readPage(http, resource, call, { limit: pageSize });
  const items = itemsOf(resource, first);
  for (let next = first.metadata.continue; next; ) {
    try {
      const page = await readPage(http, resource, call, { limit: pageSize, continue: next });
      for (const item of itemsOf(resource, page)) items.push(item);
      next = page.metadata.continue;
    } catch (error) {
      if (isFailure(error, "expired")) return wholeList(http, resource, call);
      throw error;
    }
  }
  return { items, resourceVersion: first.metadata.resourceVersion };
}

async function wholeList<T extends KubeObject>(
  http: Requests,
  resource: Resource<T>,
  call: ListCall,
): Promise<List<T>> {
  const page = await readPage(http, resource, call, {});
  return { items: itemsOf(resource, page), resourceVersion: page.metadata.resourceVersion };
}

async function readPage<T extends KubeObject>(
  http: Requests,
  resource: Resource<T>,
  call: ListCall,
  paging: { readonly limit?: number; readonly continue?: string | undefined },
): Promise<Page<T>> {
  const { namespace, labelSelector, fieldSelector, signal } = call;
  const path = pathOf(resource, { namespace }) + queryOf({ labelSelector, fieldSelector, ...paging });
  const what = `list ${nameOf(resource)}${namespace ? ` in ${namespace}` : ""}`;
  return pageOf(await http.json({ method: "GET", path, what, signal }), what);
}

function pageOf<T>(answer: Json, what: string): Page<T> {
  const page = answer as Partial<Page<T>> | null; // checked for the two fields that are used
  if (typeof page?.metadata?.resourceVersion !== "string" || !(Array.isArray(page.items) || page.items === null))
    throw new Failure("internal", `cannot ${what}: the server's answer is not a list`);
  return { metadata: page.metadata, items: page.items };
}

/** Items of built-in kinds come without apiVersion and kind. */
function itemsOf<T extends KubeObject>(resource: Resource<T>, page: Page<T>): T[] {
  const apiVersion = apiVersionOf(resource);
  return (page.items ?? []).map((item) => (item.kind ? item : { ...item, apiVersion, kind: resource.kind }));
}
