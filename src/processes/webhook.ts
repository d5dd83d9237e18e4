import { convertGroupObject } from "../api/group-snapshot/convert.ts";
import { groupSnapshotCrds } from "../api/group-snapshot/crds.ts";
import { groupSnapshotGroup } from "../api/group-snapshot/resources.ts";
import { groupOf } from "../kube/object.ts";
import { type Certificates, givenCertificates, ownCertificates } from "../kube/webhook/certificates.ts";
import { type KeepConversion, keepConversion } from "../kube/webhook/keep-conversion.ts";
import type { Convert } from "../kube/webhook/review.ts";
import { serveWebhook } from "../kube/webhook/server.ts";
import { type Reached, reachedAt } from "../kube/webhook/whereabouts.ts";
import { Failure } from "../lib/failure.ts";
import { connect } from "./connect.ts";
import { closedOn, type Running, type Surroundings } from "./surroundings.ts";

export interface WebhookOptions {
  readonly port: number;
  readonly bindAddress?: string;
  /** A certificate that others take care of, as they do of the definitions. */
  readonly files?: { readonly certPath: string; readonly keyPath: string };
  /** Where API servers find us, if the certificate and the definitions are for us to take care of. */
  readonly reached?: Reached;
  readonly kubeconfig?: string;
}

/** Conversion between the versions of the group kinds, for a cluster's API server. */
export async function startWebhook(options: WebhookOptions, around: Surroundings): Promise<Running> {
  const { port, bindAddress: host } = options;
  const certificates = await certificatesOf(options, around);
  const obstacles = new Map<string, string | undefined>();
  const tell = (name: string, why: string | undefined) => void obstacles.set(name, why);
  const keep = await keeperOf(options, certificates, { ...around, tell });
  const pair = certificates.first;
  const obstacle = () => [...obstacles.values()].find((why) => why !== undefined);
  const server = await serveWebhook({ host, port, pair, convert: convertGroup, obstacle, ...around });
  const works = [certificates.follow(server.use, around.signal), keep()];
  const ended = Promise.all([
    closedOn(around.signal, server.close),
    ...works.map((work) => untilStopped(work, around)),
  ]);
  return { ready: `webhook on port ${server.port}`, ended: ended.then(() => undefined) };
}

/** An object of the group kinds in another version. */
export const convertGroup: Convert = (object, toApiVersion) => {
  if (groupOf(toApiVersion) !== groupSnapshotGroup)
    throw new Failure("invalid", `cannot convert to ${toApiVersion}: only ${groupSnapshotGroup} is known`);
  return convertGroupObject(object, toApiVersion.slice(groupSnapshotGroup.length + 1));
};

function certificatesOf({ files, reached }: WebhookOptions, around: Surroundings): Promise<Certificates> {
  if (files) return givenCertificates({ ...files, ...around });
  if (reached) return ownCertificates({ names: reachedAt(reached).names, ...around });
  throw new Failure(
    "invalid",
    "give a certificate by --tls-cert-file and --tls-private-key-file, or say by --url or --service-name where the API " +
      "server finds this webhook, so that it makes one of its own",
  );
}

/** What keeps the definitions current: of an authority of our own they alone know. */
async function keeperOf(
  { kubeconfig, reached }: WebhookOptions,
  { authorityPem }: Certificates,
  around: Surroundings & Required<Pick<KeepConversion, "tell">>,
): Promise<() => Promise<void>> {
  if (authorityPem === undefined || !reached) return async () => undefined;
  const client = await connect({ ...(kubeconfig && { kubeconfig }), userAgent: "groupsnap-webhook" });
  const names = groupSnapshotCrds.map(({ metadata }) => metadata.name);
  for (const name of names) around.tell(name, `nobody has looked at ${name} yet`);
  const { whereabouts } = reachedAt(reached);
  const options = { client, names, whereabouts, authorityPem, ...around };
  return () => keepConversion(options, around.signal).finally(() => client.close());
}

/** Work that goes on until the signal is aborted rejects then; that is how it ends. */
function untilStopped(work: Promise<void>, { signal }: Surroundings): Promise<void> {
  return work.catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
