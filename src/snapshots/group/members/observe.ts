import type { GroupSnapshot, GroupSnapshotContent, SnapshotInfo } from "../../../api/group-snapshot/types.ts";
import { volumeHandle } from "../../../api/handles.ts";
import { memberNamesOf } from "../../../api/names.ts";
import type { ObserveContext } from "../../../kube/controller/controller.ts";
import { type Claim, claims as claimResource } from "../../../kube/core/claim.ts";
import { volumes as volumeResource } from "../../../kube/core/volume.ts";
import { keyOf } from "../../../kube/object.ts";
import type { SnapshotCaches } from "../../pairing/caches.ts";
import type { Member } from "./member.ts";

/** What decides how far a bound group has come. */
export interface MembersSeen {
  readonly stage: "members";
  readonly group: GroupSnapshot;
  readonly content: GroupSnapshotContent;
  /** One for each snapshot that the content lists. */
  readonly members: readonly Member[];
  readonly now: Date;
}

type Caches = Pick<SnapshotCaches, "snapshots" | "contents" | "claims" | "volumes">;

export async function observeMembers(
  group: GroupSnapshot,
  content: GroupSnapshotContent,
  caches: Caches,
  context: ObserveContext,
): Promise<MembersSeen> {
  const members = (content.status?.volumeSnapshotInfoList ?? []).flatMap((info) => memberOf(group, info, caches));
  const complete = members.every((member) => member.snapshot && member.content);
  return {
    stage: "members",
    group,
    content,
    members: complete ? members : await withClaims(group, members, caches, context),
    now: context.now,
  };
}

function memberOf(group: GroupSnapshot, info: SnapshotInfo, caches: Caches): readonly Member[] {
  const { snapshotHandle } = info;
  if (!snapshotHandle) return []; // the check of the list tells of it
  const names = memberNamesOf(group, info.volumeHandle ?? volumeHandle(snapshotHandle));
  return [
    {
      names,
      info: { ...info, snapshotHandle },
      snapshot: caches.snapshots.get(keyOf({ namespace: group.metadata.namespace, name: names.snapshot })),
      content: caches.contents.get(names.content),
      claim: undefined,
    },
  ];
}

/**
 * Adds to each member the claim it was cut from. A claim that the caches do not lead to may be newer than they are, so
 * before a member is made without one, claims and volumes are read live.
 */
async function withClaims(
  group: GroupSnapshot,
  members: readonly Member[],
  caches: Caches,
  { client, signal }: ObserveContext,
): Promise<readonly Member[]> {
  const { namespace = "" } = group.metadata;
  const cached = claimsByHandle(
    caches.claims.list(namespace),
    (name) => caches.volumes.get(name)?.spec.csi?.volumeHandle,
  );
  const found = join(members, cached);
  if (found.every((member) => member.claim)) return found;
  const [claims, volumes] = await Promise.all([
    client.list(claimResource, { namespace, signal }),
    client.list(volumeResource, { signal }),
  ]);
  const handles = new Map(volumes.items.map((volume) => [volume.metadata.name, volume.spec.csi?.volumeHandle]));
  return join(
    members,
    claimsByHandle(claims.items, (name) => handles.get(name)),
  );
}

/** Goes from the claim to its volume, so that a volume whose claimRef was removed is no obstacle. */
function claimsByHandle(
  claims: readonly Claim[],
  handleOf: (volumeName: string) => string | undefined,
): ReadonlyMap<string, Claim> {
  const byHandle = new Map<string, Claim>();
  for (const claim of claims) {
    const handle = claim.spec.volumeName ? handleOf(claim.spec.volumeName) : undefined;
    if (handle !== undefined) byHandle.set(handle, claim);
  }
  return byHandle;
}

function join(members: readonly Member[], claims: ReadonlyMap<string, Claim>): readonly Member[] {
  return members.map((member) => ({ ...member, claim: claims.get(member.info.volumeHandle ?? "") }));
}
