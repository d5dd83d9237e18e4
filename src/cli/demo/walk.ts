import { readdir } from "node:fs/promises";
import { groupClasses, groupContents, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../api/group-snapshot/types.ts";
import { publishedPathAnnotation } from "../../api/local-driver.ts";
import { contents, classes as snapshotClasses, snapshots } from "../../api/snapshot/resources.ts";
import type { Snapshot } from "../../api/snapshot/types.ts";
import type { Client } from "../../kube/client/client.ts";
import { waitFor } from "../../kube/client/wait.ts";
import { claims } from "../../kube/core/claim.ts";
import { namespaces } from "../../kube/core/namespace.ts";
import { storageClasses } from "../../kube/core/storage-class.ts";
import { volumes } from "../../kube/core/volume.ts";
import { isOwnedBy, type Resource } from "../../kube/object.ts";
import { Failure } from "../../lib/failure.ts";
import * as objects from "./objects.ts";

/** What the walk does to the cluster, call by call, as a user would with kubectl. */
export interface Walk {
  prepare(): Promise<void>;
  createClaims(names: readonly string[]): Promise<readonly Published[]>;
  label(names: readonly string[]): Promise<void>;
  cutGroup(): Promise<GroupSnapshot>;
  membersOf(group: GroupSnapshot): Promise<readonly Member[]>;
  cutSingle(claimName: string, name: string): Promise<Snapshot>;
  restore(sources: readonly { readonly snapshot: string; readonly claim: string }[]): Promise<readonly Published[]>;
  /** Deletes all that the walk made, and waits until the last of it is gone. */
  removeAll(): Promise<void>;
  leftovers(poolDir: string): Promise<readonly string[]>;
}

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

export function walkOn(client: Client, signal: AbortSignal): Walk {
  const call = () => ({ signal: AbortSignal.any([signal, AbortSignal.timeout(stepLimitMs)]) });
  const inNamespace = () => ({ namespace: objects.namespace, ...call() });
  const published = async (name: string): Promise<Published> => {
    const claim = await waitFor(client, claims, inDemo(name), {
      what: `claim ${name} to be bound and published`,
      until: (seen) => seen?.metadata.annotations?.[publishedPathAnnotation] !== undefined,
      ...call(),
    });
    return { claim: name, path: claim?.metadata.annotations?.[publishedPathAnnotation] ?? "" };
  };
  const createClaim = (name: string, snapshot?: string) => client.create(claims, objects.claim(name, snapshot), call());

  return {
    async prepare() {
      await client.create(
        namespaces,
        { apiVersion: "v1", kind: "Namespace", metadata: { name: objects.namespace } },
        call(),
      );
      await client.create(storageClasses, objects.storageClass, call());
      await client.create(groupClasses, objects.groupClass, call());
      await client.create(snapshotClasses, objects.snapshotClass, call());
    },
    async createClaims(names) {
      await Promise.all(names.map((name) => createClaim(name)));
      return Promise.all(names.map(published));
    },
    async label(names) {
      const patch = { type: "merge", patch: { metadata: { labels: objects.groupLabel } } } as const;
      await Promise.all(names.map((name) => client.patch(claims, inDemo(name), patch, call())));
    },
    async cutGroup() {
      await client.create(objects.groupsInIntroduction, objects.group, call());
      const ready = await waitFor(client, groupSnapshots, inDemo(objects.groupName), {
        what: `group snapshot ${objects.groupName} to be ready`,
        until: isReady,
        ...call(),
      });
      return ready ?? missing(objects.groupName);
    },
    async membersOf(group) {
      const { items } = await client.list(snapshots, inNamespace());
      return items
        .filter((snapshot) => isOwnedBy(snapshot, group))
        .map((snapshot) => ({
          snapshot: snapshot.metadata.name,
          claim: snapshot.spec.source.persistentVolumeClaimName ?? "",
        }))
        .sort((a, b) => a.claim.localeCompare(b.claim));
    },
    async cutSingle(claimName, name) {
      await client.create(snapshots, objects.snapshotOf(claimName, name), call());
      const ready = await waitFor(client, snapshots, inDemo(name), {
        what: `snapshot ${name} to be ready`,
        until: isReady,
        ...call(),
      });
      return ready ?? missing(name);
    },
    async restore(sources) {
      await Promise.all(sources.map(({ claim, snapshot }) => createClaim(claim, snapshot)));
      return Promise.all(sources.map(({ claim }) => published(claim)));
    },
    async removeAll() {
      await client.delete(groupSnapshots, inDemo(objects.groupName), call());
      const alone = (await client.list(snapshots, inNamespace())).items.filter(
        (each) => !each.metadata.ownerReferences?.length,
      );
      await Promise.all(alone.map(({ metadata }) => client.delete(snapshots, inDemo(metadata.name), call())));
      const { items } = await client.list(claims, inNamespace());
      await Promise.all(items.map(({ metadata }) => client.delete(claims, inDemo(metadata.name), call())));
      await allGone(client, call().signal);
    },
    async leftovers(poolDir) {
      const listed = await Promise.all(
        walked.map(async (resource) => {
          const { items } = await client.list(resource, call());
          return items.map((item) => `${resource.kind} ${item.metadata.name}`);
        }),
      );
      return [...listed.flat(), ...(await imagesIn(poolDir))];
    },
  };
}

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
