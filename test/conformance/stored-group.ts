import { memberGroupHandle } from "../../src/api/annotations.ts";
import {
  contentFinalizer,
  groupContentFinalizer,
  groupFinalizer,
  memberFinalizer,
  snapshotSourceFinalizer,
} from "../../src/api/finalizers.ts";
import { groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../src/api/group-snapshot/types.ts";
import { volumeHandle } from "../../src/api/handles.ts";
import { groupContentNameOf, memberNamesOf } from "../../src/api/names.ts";
import { contents, snapshots } from "../../src/api/snapshot/resources.ts";
import { apiVersionOf, type Draft, type KubeObject, type Resource } from "../../src/kube/object.ts";
import type { Shop } from "./shop.ts";
import { moment, momentNs, type StoredMember, type UpstreamState } from "./upstream-states.ts";

/** A group as a release of upstream's leaves it: cut, ready, complete. */
export interface StoredGroup {
  readonly name: string;
  readonly content: string;
  readonly members: readonly StoredMember[];
}

const call = () => ({ signal: AbortSignal.timeout(20_000) });

/** Stores a group of the new claims NAME-data and NAME-wal; its cut is on the storage. */
export async function storeGroup(shop: Shop, state: UpstreamState, name: string): Promise<StoredGroup> {
  const ofState = <T extends KubeObject>(resource: Resource<T>): Resource<T> => ({
    ...resource,
    version: state.stored,
  });
  const claims = [`${name}-data`, `${name}-wal`];
  const volumes = await Promise.all(claims.map((claim) => shop.claim(claim, name)));
  const source = { selector: { matchLabels: { app: name } } };
  const group = await store(shop, ofState(groupSnapshots), {
    metadata: { namespace: shop.namespace, name, finalizers: [groupFinalizer] },
    spec: { volumeGroupSnapshotClassName: "delete", source },
  });
  const { groupSnapshot } = await shop.csi.groupController.createVolumeGroupSnapshot(
    { name: `groupsnapshot-${group.metadata.uid}`, sourceVolumeIds: volumes },
    { ...call(), timeoutMs: 10_000 },
  );
  const cut = { group, handle: groupSnapshot?.groupSnapshotId ?? "" };
  const members = (groupSnapshot?.snapshots ?? []).map(({ sourceVolumeId, snapshotId }) => {
    const claim = claims[volumes.indexOf(sourceVolumeId)] ?? "";
    const names = namesOf(group, sourceVolumeId, state);
    const where = { namespace: shop.namespace, claim, volume: `${shop.namespace}-${claim}` };
    return { ...where, ...names, volumeHandle: sourceVolumeId, snapshotHandle: snapshotId };
  });
  const content = groupContentNameOf(group);
  await store(shop, ofState(groupContents), {
    metadata: { name: content, finalizers: [groupContentFinalizer] },
    spec: {
      driver: shop.driver,
      deletionPolicy: "Delete",
      volumeGroupSnapshotClassName: "delete",
      source: state.source(members),
      volumeGroupSnapshotRef: referenceTo(group),
    },
    status: { readyToUse: true, volumeGroupSnapshotHandle: cut.handle, ...state.contentStatus(members) },
  });
  for (const member of members) await storeMember(shop, member, cut);
  const status = { boundVolumeGroupSnapshotContentName: content, creationTime: moment, readyToUse: true };
  await shop.client.updateStatus(
    ofState(groupSnapshots),
    { ...group, status: { ...status, ...state.groupStatus(members) } },
    call(),
  );
  return { name, content, members };
}

/** Releases before v8.2 ended the names of members with a time. */
function namesOf(group: GroupSnapshot, volume: string, { hasOldNames }: UpstreamState) {
  const { snapshot, content } = memberNamesOf(group, volumeHandle(volume));
  const old = (name: string) => `${name}-2025-07-31-10.13.20`;
  return hasOldNames ? { snapshot: old(snapshot), content: old(content) } : { snapshot, content };
}

interface Cut {
  readonly group: GroupSnapshot;
  readonly handle: string;
}

async function storeMember(shop: Shop, member: StoredMember, { group, handle }: Cut): Promise<void> {
  const { apiVersion, kind, metadata } = group;
  const snapshot = await store(shop, snapshots, {
    metadata: {
      namespace: member.namespace,
      name: member.snapshot,
      finalizers: [memberFinalizer, snapshotSourceFinalizer],
      ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid }],
    },
    spec: { source: { persistentVolumeClaimName: member.claim } },
    status: {
      boundVolumeSnapshotContentName: member.content,
      creationTime: moment,
      readyToUse: true,
      restoreSize: "1Mi",
      volumeGroupSnapshotName: metadata.name,
    },
  });
  await store(shop, contents, {
    metadata: {
      name: member.content,
      finalizers: [contentFinalizer],
      annotations: { [memberGroupHandle]: handle },
    },
    spec: {
      driver: shop.driver,
      deletionPolicy: "Delete",
      source: { volumeHandle: member.volumeHandle },
      sourceVolumeMode: "Filesystem",
      volumeSnapshotRef: referenceTo(snapshot),
    },
    status: {
      creationTime: momentNs,
      readyToUse: true,
      restoreSize: 1 << 20,
      snapshotHandle: member.snapshotHandle,
      volumeGroupSnapshotHandle: handle,
    },
  });
}

const referenceTo = ({ apiVersion, kind, metadata: { namespace, name, uid } }: KubeObject) => ({
  apiVersion,
  kind,
  namespace,
  name,
  uid,
});

/** Creates an object, and then its status. */
async function store<T extends KubeObject>(
  { client }: Shop,
  resource: Resource<T>,
  { status, ...rest }: { readonly metadata: object; readonly spec: object; readonly status?: object },
): Promise<T> {
  const draft = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...rest };
  const made = await client.create(resource, draft as unknown as Draft<T>, call()); // the API server checks it
  return status ? client.updateStatus(resource, { ...made, status } as T, call()) : made;
}
