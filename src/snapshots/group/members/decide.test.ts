import { describe, expect, test } from "vitest";
import { memberGroupHandle } from "../../../api/annotations.ts";
import {
  contentFinalizer,
  memberFinalizer,
  snapshotFinalizer,
  snapshotSourceFinalizer,
} from "../../../api/finalizers.ts";
import type { GroupSnapshot, GroupSnapshotContent, SnapshotInfo } from "../../../api/group-snapshot/types.ts";
import { groupSnapshotHandle, snapshotHandle } from "../../../api/handles.ts";
import { groupContentNameOf, memberNamesOf } from "../../../api/names.ts";
import type { Snapshot, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { Draft, KubeObject } from "../../../kube/object.ts";
import {
  aCut,
  aGroupContent,
  anInfo,
  aProtectedGroup,
  aSourceClaim,
  handleOf,
  terminating,
} from "../../../testing/group-builders.ts";
import { decideMembers } from "./decide.ts";
import { contentFor, contentStatusOf, type Member, type MemberOf, snapshotFor, snapshotStatusOf } from "./member.ts";
import type { MembersSeen } from "./observe.ts";

const now = new Date("2026-01-02T00:00:00Z");
const names = ["data", "wal"];
const bound = (change: Partial<GroupSnapshot["status"] & object> = {}, meta = {}) => {
  const status = { boundVolumeGroupSnapshotContentName: groupContentNameOf(aProtectedGroup()), readyToUse: false };
  return aProtectedGroup({ status: { ...status, ...change } }, meta);
};

function stored<T extends KubeObject>(draft: Draft<T> & { readonly metadata: { readonly name: string } }): T {
  const { name } = draft.metadata;
  const server = { uid: `uid-of-${name}`, resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };
  return { ...draft, metadata: { ...server, ...draft.metadata } } as unknown as T; // what a server would store
}

type How = "absent" | "snapshot" | "both" | "told";

/** The member of one claim, with as many of its objects as `how` says. */
function member(group: GroupSnapshot, groupContent: GroupSnapshotContent, info: SnapshotInfo, how: How): Member {
  const volume = info.volumeHandle ?? handleOf("");
  const common = commonOf(group, groupContent);
  const claim = aSourceClaim(volume.replace("handle-of-", "")).claim;
  const handle = info.snapshotHandle ?? snapshotHandle("");
  const bare: Member = {
    names: memberNamesOf(group, volume),
    info: { ...info, snapshotHandle: handle },
    snapshot: undefined,
    content: undefined,
    claim,
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

function seen(how: How, options: { readonly group?: GroupSnapshot; readonly content?: GroupSnapshotContent } = {}) {
  const group = options.group ?? bound();
  const content = options.content ?? aGroupContent(group, names, { status: aCut(names) });
  const list = content.status?.volumeSnapshotInfoList ?? [];
  const facts: MembersSeen = {
    stage: "members",
    group,
    content,
    members: list.map((info) => member(group, content, info, how)),
    now,
  };
  return facts;
}

const dos = (plan: { readonly steps: readonly (readonly { readonly do: string }[])[] }) =>
  plan.steps.map((step) => step.map((action) => action.do));

describe("a group that is bound", () => {
  test("waits for the cut without a write", () => {
    const content = aGroupContent(bound(), names);
    expect(decideMembers(seen("absent", { content }))).toMatchObject({ reason: "WaitForCut", steps: [], events: [] });
  });

  test("writes the bound name if the process died before it could", () => {
    const group = aProtectedGroup();
    const content = aGroupContent(group, names);
    expect(decideMembers(seen("absent", { group, content })).steps).toMatchObject([
      [{ do: "writeStatus", status: { boundVolumeGroupSnapshotContentName: content.metadata.name } }],
    ]);
  });

  test("shows what the driver refused, as an error and an event", () => {
    const error = { time: "2026-01-01T12:00:00Z", message: "the driver has no room" };
    const content = aGroupContent(bound(), names, { status: { readyToUse: false, error } });
    const plan = decideMembers(seen("absent", { content }));
    expect(plan.events).toMatchObject([
      { type: "Warning", reason: "GroupSnapshotContentCreationFailed", message: error.message },
    ]);
    expect(plan.steps).toMatchObject([[{ do: "writeStatus", status: { error: { message: error.message } } }]]);
  });

  test.each<[string, GroupSnapshotContent, string]>([
    [
      "that lists too few snapshots",
      aGroupContent(bound(), names, { status: aCut(["data"]) }),
      'no snapshot of volume "handle-of-wal"',
    ],
    [
      "that lists a foreign volume",
      aGroupContent(bound(), names, { status: aCut(["data", "tmp"]) }),
      'a snapshot of volume "handle-of-tmp", which was not asked for',
    ],
    [
      "that lists a volume twice",
      aGroupContent(bound(), names, {
        status: {
          ...aCut(names),
          volumeSnapshotInfoList: [
            anInfo("data"),
            anInfo("wal"),
            { ...anInfo("wal"), snapshotHandle: snapshotHandle("x") },
          ],
        },
      }),
      'more than one snapshot of volume "handle-of-wal"',
    ],
    [
      "that lists one handle twice",
      aGroupContent(bound(), names, {
        status: {
          ...aCut(names),
          volumeSnapshotInfoList: names.map((name) => ({ ...anInfo(name), snapshotHandle: snapshotHandle("x") })),
        },
      }),
      "one handle for several snapshots",
    ],
    [
      "that is called ready and lists nothing",
      aGroupContent(bound(), names, { status: { ...aCut([]), readyToUse: true } }),
      "0 snapshots for 2 volumes",
    ],
  ])("does not believe a content %s", (_what, content, text) => {
    const plan = decideMembers(seen("absent", { content }));
    expect(plan.reason).toBe("GroupContentValidationError");
    expect(dos(plan)).toEqual([["writeStatus"]]);
    expect(plan.events?.[0]?.message).toContain(text);
  });

  test("does not touch a content that is bound to an earlier group of the same name", () => {
    const content = aGroupContent(bound({}, { uid: "earlier" }), names, { status: aCut(names) });
    expect(decideMembers(seen("absent", { content })).reason).toBe("GroupSnapshotContentMisbound");
  });
});

describe("the members", () => {
  test("get their snapshots in one step, all side by side", () => {
    const plan = decideMembers(seen("absent"));
    expect(dos(plan)).toEqual([["create", "create"]]);
    expect(plan.events?.map(({ reason }) => reason)).toEqual(["GroupSnapshotCreated"]);
    expect(plan.steps[0]?.[0]).toMatchObject({
      draft: {
        metadata: {
          name: memberNamesOf(bound(), handleOf("data")).snapshot,
          namespace: "shop",
          labels: { "groupsnapshot.storage.k8s.io/volumeGroupSnapshotName": "nightly" },
          finalizers: [memberFinalizer, snapshotFinalizer, snapshotSourceFinalizer],
          ownerReferences: [
            {
              apiVersion: "groupsnapshot.storage.k8s.io/v1",
              kind: "VolumeGroupSnapshot",
              name: "nightly",
              uid: "uid-of-nightly",
            },
          ],
        },
        spec: { source: { persistentVolumeClaimName: "data" } },
      },
    });
  });

  test("have no label where the group's name is longer than a label may be", () => {
    const group = bound({}, { name: "n".repeat(64) });
    const common = commonOf(group, aGroupContent(group, names));
    const bare = member(group, aGroupContent(group, names), anInfo("data"), "absent");
    expect(snapshotFor(common, bare).metadata.labels).toBeUndefined();
  });

  test("name their content where the claim is gone, and never an empty claim name", () => {
    const facts = seen("absent");
    const orphaned = { ...facts, members: facts.members.map((one) => ({ ...one, claim: undefined })) };
    const content = memberNamesOf(bound(), handleOf("data")).content;
    expect(decideMembers(orphaned).steps[0]?.[0]).toMatchObject({
      draft: { spec: { source: { volumeSnapshotContentName: content } } },
    });
  });

  test("get their contents, with the uids of the snapshots, in the second round", () => {
    const plan = decideMembers(seen("snapshot"));
    expect(dos(plan)).toEqual([["create", "create"]]);
    const { snapshot, content } = memberNamesOf(bound(), handleOf("data"));
    expect(plan.steps[0]?.[0]).toMatchObject({
      draft: {
        metadata: { name: content, finalizers: [contentFinalizer], annotations: { [memberGroupHandle]: "group-1" } },
        spec: {
          driver: "scripted.csi.example.com",
          deletionPolicy: "Delete",
          sourceVolumeMode: "Filesystem",
          source: { snapshotHandle: "snapshot-of-data" },
          volumeSnapshotRef: { kind: "VolumeSnapshot", namespace: "shop", name: snapshot, uid: `uid-of-${snapshot}` },
        },
      },
    });
  });

  test("get both statuses in the third round, and the group its own after them", () => {
    const plan = decideMembers(seen("both"));
    expect(dos(plan)).toEqual([["writeStatus", "writeStatus", "writeStatus", "writeStatus"], ["writeStatus"]]);
    expect(plan.steps.flat().map((action) => "status" in action && action.status)).toMatchObject([
      {
        snapshotHandle: "snapshot-of-data",
        creationTime: 1_767_225_600_123_456_789n,
        restoreSize: 1n << 30n,
        readyToUse: true,
        volumeGroupSnapshotHandle: "group-1",
      },
      {
        boundVolumeSnapshotContentName: memberNamesOf(bound(), handleOf("data")).content,
        creationTime: "2026-01-01T00:00:00Z",
        restoreSize: "1Gi",
        readyToUse: true,
        volumeGroupSnapshotName: "nightly",
      },
      {},
      {},
      { readyToUse: true, creationTime: "2026-01-01T00:00:00Z" },
    ]);
    expect(plan.events?.map(({ reason }) => reason)).toEqual(["GroupSnapshotReady"]);
  });

  test("are left as they are once all is said", () => {
    const group = bound({ readyToUse: true, creationTime: "2026-01-01T00:00:00Z" });
    const content = aGroupContent(group, names, { status: aCut(names) });
    expect(decideMembers(seen("told", { group, content }))).toMatchObject({ reason: "Ready", steps: [], events: [] });
  });

  test("are not ready before the driver said so of them, of the group or of their content", () => {
    const content = aGroupContent(bound(), names, { status: aCut(names, false) });
    const plan = decideMembers(seen("both", { content }));
    const statuses = plan.steps.flat().map((action) => "status" in action && action.status);
    expect(statuses).toMatchObject(statuses.map(() => ({ readyToUse: false })));
    expect(plan).toMatchObject({ reason: "WaitForReady", events: [] });
  });

  test("stay ready when the driver's list takes it back", () => {
    const facts = seen("told");
    const content = aGroupContent(facts.group, names, { status: aCut(names, false) });
    const members = facts.members.map((one) => ({ ...one, info: { ...one.info, readyToUse: false } }));
    expect(dos(decideMembers({ ...facts, content, members }))).toEqual([["writeStatus"]]);
  });

  test("are known by group, kind and uid, whatever version the owner was written in", () => {
    const facts = seen("told");
    const members = facts.members.map((one) => ({
      ...one,
      snapshot: one.snapshot && withOwner(one.snapshot, { apiVersion: "groupsnapshot.storage.k8s.io/v1beta1" }),
    }));
    expect(decideMembers({ ...facts, members }).reason).toBe("Ready");
  });

  test("are not made over a snapshot of the same name that somebody else owns", () => {
    const facts = seen("told");
    const members = facts.members.map((one) => ({
      ...one,
      snapshot: one.snapshot && withOwner(one.snapshot, { uid: "somebody" }),
    }));
    expect(decideMembers({ ...facts, members }).reason).toBe("GroupSnapshotMisbound");
  });

  test("that were deleted alone stay, and their owner is told why", () => {
    const facts = seen("told");
    const members = facts.members.map((one) => ({ ...one, snapshot: one.snapshot && terminating(one.snapshot) }));
    const plan = decideMembers({ ...facts, members });
    expect(plan.events).toMatchObject([
      { reason: "GroupSnapshotReady" },
      { reason: "SnapshotDeletePending", message: expect.stringContaining('group snapshot "nightly"') },
      { reason: "SnapshotDeletePending" },
    ]);
  });

  test("that were taken away by force and made again are bound to their contents again", () => {
    const facts = seen("told");
    const members = facts.members.map((one) => ({
      ...one,
      snapshot: one.snapshot && { ...one.snapshot, metadata: { ...one.snapshot.metadata, uid: "new" } },
    }));
    expect(decideMembers({ ...facts, members }).steps[0]).toMatchObject([
      { do: "change", change: { spec: { volumeSnapshotRef: { uid: "new" } } } },
      { do: "change" },
    ]);
  });
});

function withOwner(snapshot: Snapshot, change: { readonly apiVersion?: string; readonly uid?: string }): Snapshot {
  const { ownerReferences = [] } = snapshot.metadata;
  return {
    ...snapshot,
    metadata: { ...snapshot.metadata, ownerReferences: ownerReferences.map((owner) => ({ ...owner, ...change })) },
  };
}
