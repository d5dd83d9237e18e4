import { isDefaultClass, isDefaultGroupClass } from "../api/annotations.ts";
import { groupClasses } from "../api/group-snapshot/resources.ts";
import { localClassName, localDriverName } from "../api/local-driver.ts";
import { classes as snapshotClasses } from "../api/snapshot/resources.ts";
import type { Client } from "../kube/client/client.ts";
import { defaultClassAnnotation, storageClasses } from "../kube/core/storage-class.ts";
import { apiVersionOf, type Draft, type KubeObject, type Resource } from "../kube/object.ts";
import { isFailure } from "../lib/failure.ts";

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
