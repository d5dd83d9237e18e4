import { X509Certificate } from "node:crypto";
import { request } from "node:https";
import { groupSnapshotGroup } from "../../api/group-snapshot/resources.ts";
import type { KubeObject } from "../../kube/object.ts";
import { failureOf, isFailure } from "../../lib/failure.ts";
import { endpointSlices, services } from "./kinds.ts";
import type { Looking } from "./looking.ts";
import type { ClientConfig, DefinitionSeen, WebhookSeen } from "./observed.ts";

/** A webhook that takes longer to shake hands is as good as away: API servers wait for it with every request. */
const probeMs = 5_000;

/** Tries the webhooks of the definitions that have one, as far as that can be done from here. */
export function observeWebhooks(
  definitions: readonly DefinitionSeen[],
  looking: Looking,
): Promise<readonly WebhookSeen[]> {
  const converted = definitions.filter(
    ({ spec }) => spec.group === groupSnapshotGroup && spec.conversion?.strategy === "Webhook",
  );
  return Promise.all(converted.map((definition) => tryOne(definition, looking)));
}

async function tryOne(definition: DefinitionSeen, looking: Looking): Promise<WebhookSeen> {
  const config = definition.spec.conversion?.webhook?.clientConfig ?? {};
  const unreachable = config.url ? await probe(config.url, config) : await lookBehind(config, looking);
  const failed = await convert(definition, looking);
  return {
    definition: definition.metadata.name,
    ...(unreachable !== undefined && { unreachable }),
    ...(failed !== undefined && { failed }),
    bundleEnds: endsOf(config.caBundle ?? ""),
  };
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const textOf = (bundle: string) => Buffer.from(bundle, "base64").toString("utf8");

function endsOf(bundle: string): readonly Date[] | undefined {
  if (bundle === "") return [];
  try {
    const ends = (textOf(bundle).match(pemBlock) ?? []).map((pem) => new Date(new X509Certificate(pem).validTo));
    return ends.length > 0 ? ends : undefined;
  } catch {
    return undefined; // what it is made of no API server can read either
  }
}

/** Shakes hands with an address, trusting the bundle alone. @returns what went wrong */
function probe(url: string, { caBundle }: ClientConfig): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = request(
      url,
      { method: "GET", timeout: probeMs, agent: false, ...(caBundle && { ca: textOf(caBundle) }) },
      (answer) => {
        answer.resume();
        resolve(undefined); // any answer came from whoever has the certificate
      },
    );
    asked.on("timeout", () => asked.destroy(new Error(`no answer within ${probeMs} ms`)));
    asked.on("error", (error) => resolve(`${url} cannot be reached: ${error.message}`));
    asked.end();
  });
}

/** A service is reached from inside the cluster only: from here its pods can be counted. @returns what it lacks */
async function lookBehind({ service }: ClientConfig, { client, signal }: Looking): Promise<string | undefined> {
  if (!service) return "its definition names neither a service nor an address";
  const { namespace, name } = service;
  try {
    if (!(await client.find(services, { namespace, name }, { signal })))
      return `its service ${namespace}/${name} does not exist`;
    const labelSelector = `kubernetes.io/service-name=${name}`;
    const { items } = await client.list(endpointSlices, { namespace, labelSelector, signal });
    const ready = items
      .flatMap(({ endpoints }) => endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false);
    return ready.length > 0 ? undefined : `no pod behind its service ${namespace}/${name} is ready`;
  } catch (error) {
    if (isFailure(error, "forbidden")) return undefined; // nobody can tell from here
    throw error;
  }
}

/**
 * Asks for one object in each served version: it is read from the store then, and has to be converted, where a list comes
 * out of a cache that was converted long ago.
 *
 * @returns what the API server says when it cannot
 */
async function convert({ spec }: DefinitionSeen, looking: Looking): Promise<string | undefined> {
  const stored = spec.versions.find(({ storage }) => storage)?.name ?? "";
  const pathIn = (version: string) => `/apis/${spec.group}/${version}`;
  const list = `${pathIn(stored)}/${spec.names.plural}?limit=1`;
  const [first] = ((await read(list, looking)).found as Partial<List> | undefined)?.items ?? []; // by the API server
  if (!first) return undefined;
  const { namespace, name } = first.metadata;
  const rest = `${namespace ? `/namespaces/${namespace}` : ""}/${spec.names.plural}/${name}`;
  for (const version of spec.versions.filter(({ served, storage }) => served && !storage)) {
    const { failed } = await read(`${pathIn(version.name)}${rest}`, looking);
    if (failed !== undefined) return failed;
  }
  return undefined;
}

interface List {
  readonly items: readonly KubeObject[];
}

/** What may not be read, or is gone by now, is no failure. */
async function read(
  path: string,
  { client, signal }: Looking,
): Promise<{ readonly found?: unknown; readonly failed?: string }> {
  try {
    return { found: await client.raw({ method: "GET", path, signal }) };
  } catch (error) {
    if (signal.aborted) throw error;
    return isFailure(error, "forbidden", "notFound") ? {} : { failed: failureOf(error).message };
  }
}
