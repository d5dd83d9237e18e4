import { Failure } from "../../lib/failure.ts";
import type { Whereabouts } from "./keep-conversion.ts";

/** How a user says where API servers find a webhook. */
export type Reached = { readonly url: string } | { readonly serviceName: string; readonly serviceNamespace: string };

const path = "/convert";

/** The same as definitions say it, and the names that its certificate must have. @throws Failure "invalid" for a bad URL */
export function reachedAt(reached: Reached): { readonly whereabouts: Whereabouts; readonly names: readonly string[] } {
  if ("url" in reached) return reachedByUrl(reached.url);
  const { serviceName: name, serviceNamespace: namespace } = reached;
  const names = [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`];
  return { whereabouts: { service: { namespace, name, path } }, names };
}

function reachedByUrl(text: string) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url?.protocol !== "https:" ||
    url.search ||
    url.hash ||
    url.username ||
    (url.pathname !== "/" && url.pathname !== path)
  )
    throw new Failure(
      "invalid",
      `"${text}" cannot be the webhook's address: give one such as https://HOST:PORT${path}`,
    );
  const host = url.hostname.replace(/^\[|\]$/g, ""); // an IPv6 address
  return { whereabouts: { url: `https://${url.host}${path}` }, names: [host] };
}
