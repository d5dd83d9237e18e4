import { isDefaultClass, isDefaultGroupClass } from "../api/annotations.ts";
import { crds } from "../api/crds.ts";
import { groupClasses } from "../api/group-snapshot/resources.ts";
import { localClassName, localDriverName } from "../api/local-driver.ts";
import { classes as snapshotClasses } from "../api/snapshot/resources.ts";
import type { Client } from "../kube/client/client.ts";
import { waitFor } from "../kube/client/wait.ts";
import { definitions, isEstablished } from "../kube/core/definition.ts";
import { defaultClassAnnotation, storageClasses } from "../kube/core/storage-class.ts";
import { apiVersionOf, type Draft, type KubeObject, type Resource } from "../kube/object.ts";
import type { Clock } from "../lib/clock.ts";
import { isFailure } from "../lib/failure.ts";

/** A definition is served soon after it is established; a server that takes longer has other trouble. */
const servedWithinMs = 30_000;
const askAgainMs = 100;

/** Gives a cluster the definitions of the snapshot kinds that it lacks, and waits until they are served. Leaves others as they are. */
export async function installCrds(client: Client, clock: Clock, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(servedWithinMs)]);
  for (const crd of crds) {
    const { metadata } = crd;
    await ensure(client, definitions, crd, limit);
    await waitFor(client, definitions, metadata, {
      what: `${metadata.name} to be established`,
      until: isEstablished,
      signal: limit,
    });
  }
  for (const resource of [snapshotClasses, groupClasses]) await untilServed(client, resource, { clock, signal: limit });
}

/** A definition can be established up to two seconds before its kind is served. */
async function untilServed(
  client: Client,
  resource: Resource,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const served = () =>
    client.list(resource, { signal }).then(
      () => true,
      (error: unknown) => {
        if (isFailure(error, "notFound", "unavailable")) return false;
        throw error;
      },
    );
  while (!(await served())) await clock.sleep(askAgainMs, signal);
}

/**
 * Gives a cluster the classes of our own driver, each the default of its kind; what exists is left as it is. The storage
 * class comes first: once it is there alone, claims without a class have one.
 */
export async function installLocalClasses(client: Client, signal: AbortSignal): Promise<void> {
  await ensure(
    client,
    storageClasses,
    {
      ...head(storageClasses, defaultClassAnnotation),
      provisioner: localDriverName,
      reclaimPolicy: "Delete",
      volumeBindingMode: "Immediate",
      allowVolumeExpansion: true,
    },
    signal,
  );
  const snapshotting = { driver: localDriverName, deletionPolicy: "Delete" } as const;
  await ensure(client, snapshotClasses, { ...head(snapshotClasses, isDefaultClass), ...snapshotting }, signal);
  await ensure(client, groupClasses, { ...head(groupClasses, isDefaultGroupClass), ...snapshotting }, signal);
}

const head = (resource: Resource, annotation: string) => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  metadata: { name: localClassName, annotations: { [annotation]: "true" } },
});

async function ensure<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  draft: Draft<T>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.create(resource, draft, { signal });
  } catch (error) {
    if (!isFailure(error, "exists")) throw error;
  }
}
