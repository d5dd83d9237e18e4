import { type Failure, isFailure } from "../../lib/failure.ts";
import type { Json } from "../../lib/json.ts";
import type { Client } from "../client/client.ts";
import { nameOf } from "../client/paths.ts";
import { apiVersionOf, type Resource } from "../object.ts";

/** No kind has been through more; a server that lists them is no Kubernetes. */
const versionLimit = 10;

/** Why a kind cannot be read that the server answers 404 for: it is not there, or in other versions only. */
export async function whyUnserved(client: Client, resource: Resource, signal: AbortSignal): Promise<string> {
  const others = await versionsOf(client, resource, signal).catch(() => []); // that it is not served is sure anyhow
  const then = "nothing needs a restart";
  return others.length === 0
    ? `${nameOf(resource)} is not served by the cluster: install its CustomResourceDefinition, ${then}`
    : `${nameOf(resource)} is served in ${others.join(", ")} only, and ${resource.version} is needed: install a newer CustomResourceDefinition, ${then}`;
}

/** The versions in which the server has the kind. */
async function versionsOf(client: Client, resource: Resource, signal: AbortSignal): Promise<readonly string[]> {
  const group = (await client.raw({ method: "GET", path: `/apis/${resource.group}`, signal })) as Discovery;
  const versions = (group.versions ?? []).slice(0, versionLimit).map(({ version }) => version);
  const found = await Promise.all(
    versions.map(async (version) => {
      const path = `/apis/${apiVersionOf({ ...resource, version })}`;
      const { resources = [] } = (await client.raw({ method: "GET", path, signal })) as Discovery;
      return resources.some(({ name }) => name === resource.plural) ? [version] : [];
    }),
  );
  return found.flat();
}

/** APIGroup and APIResourceList, as far as they matter here. */
type Discovery = Json & {
  readonly versions?: readonly { readonly version: string }[];
  readonly resources?: readonly { readonly name: string }[];
};

/** True for what a list answers where the kind is not served. */
export function isUnserved(failure: Failure): boolean {
  return isFailure(failure, "notFound");
}
