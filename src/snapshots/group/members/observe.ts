import type { GroupSnapshot, GroupSnapshotContent, SnapshotInfo } from "../../../api/group-snapshot/types.ts";
import { type SnapshotHandle, volumeHandle } from "../../../api/handles.ts";
import { memberNamesOf } from "../../../api/names.ts";
import type { ObserveContext } from "../../../kube/controller/controller.ts";
import { type Claim, claims as claimResource } from "../../../kube/core/claim.ts";
import { volumes as volumeResource } from "../../../kube/core/volume.ts";
import { keyOf } from "../../../kube/object.ts";
import { byGroup, byVolume, handleKey, type SnapshotCaches } from "../../pairing/caches.ts";
import type { SnapshotOptions } from "../../pairing/options.ts";
import { type Added, addedFor, goingOf } from "./by-hand.ts";
import type { Member } from "./member.ts";

/** What decides how far a bound group has come. */
export interface MembersSeen {
  readonly stage: "members";
  readonly group: GroupSnapshot;
  readonly content: GroupSnapshotContent;
  /** One for each snapshot that the content lists. */
  readonly members: readonly Member[];
  /** Members that somebody added by hand. */
  readonly added?: readonly Added[];
  /** The admin lets volumes of one mode be made from snapshots of the other. */
  readonly allowsModeChange?: boolean;
  readonly now: Date;
}

type Caches = Pick<SnapshotCaches, "snapshots" | "contents" | "claims" | "volumes">;

export async function observeMembers(
  group: GroupSnapshot,
  content: GroupSnapshotContent,
  { caches, options = {} }: { readonly caches: Caches; readonly options?: SnapshotOptions },
  context: ObserveContext,
): Promise<MembersSeen> {
  const found = snapshotsOf(content).flatMap((info) => memberOf(group, info, caches));
  const seen: MembersSeen = {
    stage: "members",
    group,
    content,
    members: found.map(({ member }) => member),
    added: found.flatMap(({ added }) => added),
    allowsModeChange: options.preventVolumeModeConversion === false,
    now: context.now,
  };
  const isComplete = seen.members.every((member) => member.snapshot && member.content);
  return isComplete ? seen : { ...seen, members: await withSources(seen, caches, context) };
}

/** What the sidecar lists. Upstream's lists nothing of a group that an admin brought: there the admin's handles count. */
function snapshotsOf({ spec, status }: GroupSnapshotContent): readonly SnapshotInfo[] {
  const list = status?.volumeSnapshotInfoList ?? [];
  const brought = spec.source.groupSnapshotHandles?.volumeSnapshotHandles ?? [];
  return list.length > 0 ? list : brought.map((snapshotHandle) => ({ snapshotHandle }));
}

interface Found {
  readonly member: Member;
  readonly added: readonly Added[];
}

function memberOf(group: GroupSnapshot, info: SnapshotInfo, caches: Caches): readonly Found[] {
  const { snapshotHandle } = info;
  if (!snapshotHandle) return []; // the check of the list tells of it
  const names = memberNamesOf(group, info.volumeHandle ?? volumeHandle(snapshotHandle));
  const snapshot = caches.snapshots.get(keyOf({ namespace: group.metadata.namespace, name: names.snapshot }));
  const named = { snapshot, content: caches.contents.get(names.content), names };
  const added = addedFor(snapshotHandle, group, caches);
  const found = added ?? (snapshot ? named : (memberStandingFor(snapshotHandle, group, caches) ?? named));
  const member = { ...found, info: { ...info, snapshotHandle }, claim: undefined, volume: undefined };
  return [{ member, added: added ? [{ snapshot: added.snapshot, made: goingOf(named, caches) }] : [] }];
}

/** A member that has another name than we give: an older release made it, or knew less of the snapshot. */
function memberStandingFor(
  handle: SnapshotHandle,
  group: GroupSnapshot,
  caches: Caches,
): Pick<Member, "names" | "snapshot" | "content"> | undefined {
  for (const snapshot of caches.snapshots.by(byGroup, group.metadata.uid)) {
    const content = caches.contents.get(snapshot.status?.boundVolumeSnapshotContentName ?? "");
    if (content && (content.spec.source.snapshotHandle ?? content.status?.snapshotHandle) === handle)
      return { names: { snapshot: snapshot.metadata.name, content: content.metadata.name }, snapshot, content };
  }
  return undefined;
}

/**
 * Adds to each member the volume it was cut from, and that volume's claim. What the caches do not lead to may be newer than
 * they are, so before a member is made without a claim, claims and volumes are read live.
 */
async function withSources(
  { group, content, members }: MembersSeen,
  caches: Caches,
  { client, signal }: ObserveContext,
): Promise<readonly Member[]> {
  const { namespace = "" } = group.metadata;
  const { driver } = content.spec;
  const cached = claimsByVolume(caches.claims.list(namespace));
  const known = members.map((member) => {
    const [volume] = caches.volumes.by(byVolume, handleKey(driver, member.info.volumeHandle ?? ""));
    return { ...member, volume, claim: cached.get(volume?.metadata.name) };
  });
  if (known.every((member) => member.claim)) return known;
  const [claims, volumes] = await Promise.all([
    client.list(claimResource, { namespace, signal }),
    client.list(volumeResource, { signal }),
  ]);
  const byHandle = new Map(
    volumes.items.flatMap((volume) =>
      volume.spec.csi?.driver === driver ? [[volume.spec.csi.volumeHandle, volume] as const] : [],
    ),
  );
  const claimOf = claimsByVolume(claims.items);
  return members.map((member) => {
    const volume = byHandle.get(member.info.volumeHandle ?? "");
    return { ...member, volume, claim: claimOf.get(volume?.metadata.name) };
  });
}

/** By what the claim says, so that a volume whose claimRef was removed is no obstacle. */
function claimsByVolume(claims: readonly Claim[]): ReadonlyMap<string | undefined, Claim> {
  return new Map(claims.flatMap((claim) => (claim.spec.volumeName ? [[claim.spec.volumeName, claim] as const] : [])));
}
