import type { GroupSnapshot, GroupSnapshotContent, SnapshotInfo } from "../api/group-snapshot/types.ts";
import { groupSnapshotHandle, snapshotHandle } from "../api/handles.ts";
import { groupContentNameOf, memberNamesOf } from "../api/names.ts";
import type { Snapshot, SnapshotContent } from "../api/snapshot/types.ts";
import type { Draft, KubeObject } from "../kube/object.ts";
import {
  contentFor,
  contentStatusOf,
  type Member,
  type MemberOf,
  snapshotFor,
  snapshotStatusOf,
} from "../snapshots/group/members/member.ts";
import type { MembersSeen } from "../snapshots/group/members/observe.ts";
import { aCut, aGroupContent, aProtectedGroup, aSourceClaim, handleOf } from "./group-builders.ts";

const now = new Date("2026-01-02T00:00:00Z");
/** The claims of the group that `membersSeen` is about. */
export const memberClaims = ["data", "wal"];

/** The group after its content was made. */
export const aBoundGroup = (change: Partial<GroupSnapshot["status"] & object> = {}, meta = {}) => {
  const status = { boundVolumeGroupSnapshotContentName: groupContentNameOf(aProtectedGroup()), readyToUse: false };
  return aProtectedGroup({ status: { ...status, ...change } }, meta);
};

function stored<T extends KubeObject>(draft: Draft<T> & { readonly metadata: { readonly name: string } }): T {
  const { name } = draft.metadata;
  const server = { uid: `uid-of-${name}`, resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };
  return { ...draft, metadata: { ...server, ...draft.metadata } } as unknown as T; // what a server would store
}

/** How far the members have come: no objects, snapshots, snapshots and contents, or both with their statuses. */
type How = "absent" | "snapshot" | "both" | "told";

/** The member of one claim, with as many of its objects as `how` says. */
function aMember(group: GroupSnapshot, groupContent: GroupSnapshotContent, info: SnapshotInfo, how: How): Member {
  const volume = info.volumeHandle ?? handleOf("");
  const common = commonOf(group, groupContent);
  const source = aSourceClaim(volume.replace("handle-of-", ""));
  const handle = info.snapshotHandle ?? snapshotHandle("");
  const bare: Member = {
    names: memberNamesOf(group, volume),
    info: { ...info, snapshotHandle: handle },
    snapshot: undefined,
    content: undefined,
    ...source,
  };
  if (how === "absent") return bare;
  const snapshot = stored<Snapshot>(snapshotFor(common, bare));
  if (how === "snapshot") return { ...bare, snapshot };
  const content = stored<SnapshotContent>(contentFor(common, bare, snapshot));
  const both = { ...bare, snapshot, content };
  if (how === "both") return both;
  return {
    ...both,
    snapshot: { ...snapshot, status: snapshotStatusOf(common, both) },
    content: { ...content, status: contentStatusOf(common, both) },
  };
}

function commonOf(group: GroupSnapshot, groupContent: GroupSnapshotContent): MemberOf {
  return {
    group,
    groupContent,
    groupHandle: groupContent.status?.volumeGroupSnapshotHandle ?? groupSnapshotHandle("group-1"),
  };
}

/** What is seen of a bound group whose members have come this far. */
export function membersSeen(
  how: How,
  options: { readonly group?: GroupSnapshot; readonly content?: GroupSnapshotContent } = {},
): MembersSeen {
  const group = options.group ?? aBoundGroup();
  const content = options.content ?? aGroupContent(group, memberClaims, { status: aCut(memberClaims) });
  const list = content.status?.volumeSnapshotInfoList ?? [];
  const members = list.map((info) => aMember(group, content, info, how));
  return { stage: "members", group, content, members, now };
}
