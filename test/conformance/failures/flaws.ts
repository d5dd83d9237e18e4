import { groupBeingCreated } from "../../../src/api/annotations.ts";
import { claimFinalizer } from "../../../src/api/finalizers.ts";
import { groupContents, groupSnapshots } from "../../../src/api/group-snapshot/resources.ts";
import { contents, snapshots } from "../../../src/api/snapshot/resources.ts";
import type { Snapshot, SnapshotContent } from "../../../src/api/snapshot/types.ts";
import { claims } from "../../../src/kube/core/claim.ts";
import type { KubeObject, Resource } from "../../../src/kube/object.ts";
import type { Shop } from "../shop.ts";

const call = () => ({ signal: AbortSignal.timeout(10_000) });
const everyKind: readonly Resource[] = [groupSnapshots, groupContents, snapshots, contents];

/**
 * What is wrong in a shop that has one group, of these claims: what is lost (it is not ready, or a member is missing, not
 * ready, or without its snapshot on the storage) and what is left over. Nothing, when all is as it should be.
 */
export async function flawsOf(shop: Shop, group: string, claimNames: readonly string[]): Promise<readonly string[]> {
  const at = { namespace: shop.namespace, name: group };
  const { metadata, status } = await shop.client.get(groupSnapshots, at, call());
  const { items: members } = await shop.client.list(snapshots, { namespace: shop.namespace, ...call() });
  const { items: memberContents } = await shop.client.list(contents, call());
  const { items: cuts } = await shop.client.list(groupContents, call());
  const owned = members.filter(({ metadata: { ownerReferences } }) =>
    ownerReferences?.some(({ uid }) => uid === metadata.uid),
  );
  const marked = cuts.filter((cut) => cut.metadata.annotations?.[groupBeingCreated] !== undefined);
  return [
    ...(status?.readyToUse ? [] : [`group ${group} is not ready`]),
    ...(status?.error ? [`group ${group} says: ${status.error.message}`] : []),
    ...numbers({
      "groups' contents": [cuts, 1],
      members: [owned, claimNames.length],
      snapshots: [members, claimNames.length],
    }),
    ...marked.map(({ metadata: { name } }) => `${name} is marked as being created`),
    ...claimNames.flatMap((claim) => claimFlaws(claim, members, memberContents)),
    ...(await storageFlaws(shop, memberContents)),
    ...(await heldClaims(shop)),
  ];
}

/** What a shop whose groups and snapshots were all deleted still has of them. */
export async function tracesIn(shop: Shop): Promise<readonly string[]> {
  const lists = await Promise.all(everyKind.map((kind) => shop.client.list<KubeObject>(kind, call())));
  const objects = lists.flatMap(({ items }) => items.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  return [...objects, ...(await storageFlaws(shop, [])), ...(await heldClaims(shop))];
}

const numbers = (wanted: Readonly<Record<string, readonly [readonly unknown[], number]>>) =>
  Object.entries(wanted).flatMap(([what, [found, number]]) =>
    found.length === number ? [] : [`${found.length} ${what} instead of ${number}`],
  );

function claimFlaws(claim: string, members: readonly Snapshot[], all: readonly SnapshotContent[]): readonly string[] {
  const member = members.find(({ spec }) => spec.source.persistentVolumeClaimName === claim);
  if (!member) return [`claim ${claim} has no member`];
  const { name, uid } = member.metadata;
  const content = all.find(({ metadata }) => metadata.name === member.status?.boundVolumeSnapshotContentName);
  return [
    ...(member.status?.readyToUse ? [] : [`member ${name} is not ready`]),
    ...(content ? [] : [`member ${name} has no content`]),
    ...(content && content.spec.volumeSnapshotRef.uid !== uid ? [`${content.metadata.name} is of another`] : []),
  ];
}

/** Snapshots that no content names, and contents whose snapshot is not there. */
export async function storageFlaws(shop: Shop, all: readonly SnapshotContent[]): Promise<readonly string[]> {
  const onStorage = await shop.leftOnStorage();
  const handles: readonly unknown[] = all.map(
    ({ spec, status }) => status?.snapshotHandle ?? spec.source.snapshotHandle,
  );
  return [
    ...onStorage.filter((id) => !handles.includes(id)).map((id) => `snapshot ${id} on the storage without an object`),
    ...handles.filter((handle) => !onStorage.some((id) => id === handle)).map((handle) => `no snapshot ${handle}`),
  ];
}

export async function heldClaims(shop: Shop): Promise<readonly string[]> {
  const { items } = await shop.client.list(claims, { namespace: shop.namespace, ...call() });
  const held = items.filter(({ metadata }) => metadata.finalizers?.includes(claimFinalizer));
  return held.map(({ metadata }) => `claim ${metadata.name} is still protected`);
}
