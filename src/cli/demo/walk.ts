import { readdir } from "node:fs/promises";
import { groupClasses, groupContents, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../api/group-snapshot/types.ts";
import { publishedPathAnnotation } from "../../api/local-driver.ts";
import { contents, classes as snapshotClasses, snapshots } from "../../api/snapshot/resources.ts";
import type { Snapshot } from "../../api/snapshot/types.ts";
import type { Client } from "../../kube/client/client.ts";
import { waitFor } from "../../kube/client/wait.ts";
import { type Claim, claims } from "../../kube/core/claim.ts";
import { namespaces } from "../../kube/core/namespace.ts";
import { storageClasses } from "../../kube/core/storage-class.ts";
import { volumes } from "../../kube/core/volume.ts";
import { isOwnedBy, type Resource } from "../../kube/object.ts";
import { Failure } from "../../lib/failure.ts";
import * as objects from "./objects.ts";

/** What the walk does to the cluster, call by call, as a user would with kubectl. */
export type Walk = ReturnType<typeof walkOn>;

/** A claim whose volume can be read and written here. */
export interface Published {
  readonly claim: string;
  /** Where it appears on this machine. */
  readonly path: string;
}

/** A snapshot of a group and the claim that it holds the data of. */
export interface Member {
  readonly snapshot: string;
  readonly claim: string;
}

/** The kinds of which the walk leaves nothing behind, requests before what serves them. */
const walked: readonly Resource[] = [groupSnapshots, groupContents, snapshots, contents, claims, volumes];

/** No single step of the walk takes this long, unless something is broken. */
const stepLimitMs = 30_000;

/** Every call of the walk has its own limit, and ends with the demo. */
interface Ground {
  readonly client: Client;
  readonly call: () => { readonly signal: AbortSignal };
}

export function walkOn(client: Client, signal: AbortSignal) {
  const ground: Ground = {
    client,
    call: () => ({ signal: AbortSignal.any([signal, AbortSignal.timeout(stepLimitMs)]) }),
  };
  return {
    prepare: () => prepare(ground),
    createClaims: (names: readonly string[]) =>
      createClaims(
        ground,
        names.map((claim) => ({ claim })),
      ),
    label: (names: readonly string[]) => label(ground, names),
    cutGroup: () => cutGroup(ground),
    membersOf: (group: GroupSnapshot) => membersOf(ground, group),
    cutSingle: (claimName: string, name: string) => cutSingle(ground, claimName, name),
    restore: (members: readonly Member[]) => createClaims(ground, members),
    /** Deletes all that the walk made, and waits until the last of it is gone. */
    removeAll: () => removeAll(ground),
    leftovers: (poolDir: string) => leftovers(ground, poolDir),
  };
}

async function prepare({ client, call }: Ground): Promise<void> {
  await client.create(
    namespaces,
    { apiVersion: "v1", kind: "Namespace", metadata: { name: objects.namespace } },
    call(),
  );
  await client.create(storageClasses, objects.storageClass, call());
  await client.create(groupClasses, objects.groupClass, call());
  await client.create(snapshotClasses, objects.snapshotClass, call());
}

/** Creates claims, empty or from snapshots, and waits until their volumes are there. */
async function createClaims(
  ground: Ground,
  wanted: readonly { readonly claim: string; readonly snapshot?: string }[],
): Promise<readonly Published[]> {
  const { client, call } = ground;
  await Promise.all(wanted.map(({ claim, snapshot }) => client.create(claims, objects.claim(claim, snapshot), call())));
  return Promise.all(wanted.map(({ claim }) => published(ground, claim)));
}

async function published({ client, call }: Ground, name: string): Promise<Published> {
  const pathOf = (claim: Claim | undefined) => claim?.metadata.annotations?.[publishedPathAnnotation];
  const claim = await waitFor(client, claims, inDemo(name), {
    what: `claim ${name} to be bound and published`,
    until: (seen) => pathOf(seen) !== undefined,
    ...call(),
  });
  return { claim: name, path: pathOf(claim) ?? missing(name) };
}

async function label({ client, call }: Ground, names: readonly string[]): Promise<void> {
  const patch = { type: "merge", patch: { metadata: { labels: objects.groupLabel } } } as const;
  await Promise.all(names.map((name) => client.patch(claims, inDemo(name), patch, call())));
}

async function cutGroup({ client, call }: Ground): Promise<GroupSnapshot> {
  await client.create(objects.groupsInIntroduction, objects.group, call());
  const what = `group snapshot ${objects.groupName} to be ready`;
  const ready = await waitFor(client, groupSnapshots, inDemo(objects.groupName), { what, until: isReady, ...call() });
  return ready ?? missing(objects.groupName);
}

async function membersOf(ground: Ground, group: GroupSnapshot): Promise<readonly Member[]> {
  const { items } = await ground.client.list(snapshots, inNamespace(ground));
  return items
    .filter((snapshot) => isOwnedBy(snapshot, group))
    .map(({ metadata, spec }) => ({ snapshot: metadata.name, claim: spec.source.persistentVolumeClaimName ?? "" }))
    .sort((a, b) => a.claim.localeCompare(b.claim));
}

async function cutSingle({ client, call }: Ground, claimName: string, name: string): Promise<Snapshot> {
  await client.create(snapshots, objects.snapshotOf(claimName, name), call());
  const what = `snapshot ${name} to be ready`;
  return (await waitFor(client, snapshots, inDemo(name), { what, until: isReady, ...call() })) ?? missing(name);
}

async function removeAll(ground: Ground): Promise<void> {
  const { client, call } = ground;
  await client.delete(groupSnapshots, inDemo(objects.groupName), call());
  const { items } = await client.list(snapshots, inNamespace(ground));
  const alone = items.filter(({ metadata }) => !metadata.ownerReferences?.length);
  await Promise.all(alone.map(({ metadata }) => client.delete(snapshots, inDemo(metadata.name), call())));
  const { items: made } = await client.list(claims, inNamespace(ground));
  await Promise.all(made.map(({ metadata }) => client.delete(claims, inDemo(metadata.name), call())));
  await allGone(client, call().signal);
}

/** What is left of the walk in the API, and which images in the pool. */
async function leftovers({ client, call }: Ground, poolDir: string): Promise<readonly string[]> {
  const listed = await Promise.all(
    walked.map(async (resource) => {
      const { items } = await client.list(resource, call());
      return items.map((item) => `${resource.kind} ${item.metadata.name}`);
    }),
  );
  return [...listed.flat(), ...(await imagesIn(poolDir))];
}

const inNamespace = ({ call }: Ground) => ({ namespace: objects.namespace, ...call() });

const inDemo = (name: string) => ({ namespace: objects.namespace, name });

function isReady(object: GroupSnapshot | Snapshot | undefined): boolean {
  if (object?.status?.error?.message)
    throw new Failure("internal", `${object.metadata.name}: ${object.status.error.message}`);
  return object?.status?.readyToUse === true;
}

function missing(name: string): never {
  throw new Failure("notFound", `${name} was deleted while the demo waited for it`);
}

/** Waits until the last object of the walk has left the API; the driver's images go before their objects do. */
async function allGone(client: Client, signal: AbortSignal): Promise<void> {
  for (const resource of walked) {
    const { items } = await client.list(resource, { signal });
    for (const { metadata } of items)
      await waitFor(
        client,
        resource,
        { namespace: metadata.namespace, name: metadata.name },
        {
          what: `${resource.kind} ${metadata.name} to be gone`,
          until: (object) => object === undefined,
          signal,
        },
      );
  }
}

async function imagesIn(poolDir: string): Promise<readonly string[]> {
  const names = await readdir(poolDir, { recursive: true });
  return names.filter((name) => name.endsWith(".img")).map((name) => `image ${name}`);
}
