import { describe, expect, test } from "vitest";
import { consistencyAnnotation, groupBeingCreated, memberGroupHandle } from "../../../api/annotations.ts";
import {
  contentFinalizer,
  memberFinalizer,
  snapshotFinalizer,
  snapshotSourceFinalizer,
} from "../../../api/finalizers.ts";
import type { GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import { snapshotHandle } from "../../../api/handles.ts";
import { memberNamesOf } from "../../../api/names.ts";
import type { Snapshot, SnapshotContent } from "../../../api/snapshot/types.ts";
import {
  aCut,
  aGroupContent,
  anInfo,
  aProtectedGroup,
  handleOf,
  terminating,
} from "../../../testing/group-builders.ts";
import { aBoundGroup, memberClaims, membersSeen } from "../../../testing/member-builders.ts";
import { decideMembers } from "./decide.ts";

const dos = (plan: { readonly steps: readonly (readonly { readonly do: string }[])[] }) =>
  plan.steps.map((step) => step.map((action) => action.do));

describe("a group that is bound", () => {
  test("waits for the cut without a write", () => {
    const content = aGroupContent(aBoundGroup(), memberClaims);
    expect(decideMembers(membersSeen("absent", { content }))).toMatchObject({
      reason: "WaitForCut",
      steps: [],
      events: [],
    });
  });

  test("writes the bound name if the process died before it could", () => {
    const group = aProtectedGroup();
    const content = aGroupContent(group, memberClaims);
    expect(decideMembers(membersSeen("absent", { group, content })).steps).toMatchObject([
      [{ do: "writeStatus", status: { boundVolumeGroupSnapshotContentName: content.metadata.name } }],
    ]);
  });

  test("shows what the driver refused, as an error and an event", () => {
    const error = { time: "2026-01-01T12:00:00Z", message: "The driver has no room" };
    const content = aGroupContent(aBoundGroup(), memberClaims, { status: { readyToUse: false, error } });
    const plan = decideMembers(membersSeen("absent", { content }));
    expect(plan.events).toMatchObject([
      { type: "Warning", reason: "GroupSnapshotContentCreationFailed", message: error.message },
    ]);
    expect(plan.steps).toMatchObject([[{ do: "writeStatus", status: { error: { message: error.message } } }]]);
  });

  test.each<[string, GroupSnapshotContent, string]>([
    [
      "that lists too few snapshots",
      aGroupContent(aBoundGroup(), memberClaims, { status: aCut(["data"]) }),
      'no snapshot of volume "handle-of-wal"',
    ],
    [
      "that lists a foreign volume",
      aGroupContent(aBoundGroup(), memberClaims, { status: aCut(["data", "tmp"]) }),
      'a snapshot of volume "handle-of-tmp", which was not asked for',
    ],
    [
      "that lists a volume twice",
      aGroupContent(aBoundGroup(), memberClaims, {
        status: {
          ...aCut(memberClaims),
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
      aGroupContent(aBoundGroup(), memberClaims, {
        status: {
          ...aCut(memberClaims),
          volumeSnapshotInfoList: memberClaims.map((name) => ({
            ...anInfo(name),
            snapshotHandle: snapshotHandle("x"),
          })),
        },
      }),
      "one handle for several snapshots",
    ],
    [
      "that is called ready and lists nothing",
      aGroupContent(aBoundGroup(), memberClaims, { status: { ...aCut([]), readyToUse: true } }),
      "0 snapshots for 2 volumes",
    ],
  ])("does not believe a content %s", (_what, content, text) => {
    const plan = decideMembers(membersSeen("absent", { content }));
    expect(plan.reason).toBe("GroupContentValidationError");
    expect(dos(plan)).toEqual([["writeStatus"]]);
    expect(plan.events?.[0]?.message).toContain(text);
  });

  test("does not touch a content that is bound to an earlier group of the same name", () => {
    const content = aGroupContent(aBoundGroup({}, { uid: "earlier" }), memberClaims, { status: aCut(memberClaims) });
    expect(decideMembers(membersSeen("absent", { content })).reason).toBe("GroupSnapshotContentMisbound");
  });
});

describe("the members", () => {
  test("get their snapshots in one step, all side by side", () => {
    const plan = decideMembers(membersSeen("absent"));
    expect(dos(plan)).toEqual([["create", "create"]]);
    expect(plan.events?.map(({ reason }) => reason)).toEqual(["GroupSnapshotCreated"]);
    expect(plan.steps[0]?.[0]).toMatchObject({
      draft: {
        metadata: {
          name: memberNamesOf(aBoundGroup(), handleOf("data")).snapshot,
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
    const group = aBoundGroup({}, { name: "n".repeat(64) });
    const [creation] = decideMembers(membersSeen("absent", { group })).steps.flat();
    expect(creation).toMatchObject({ do: "create", draft: { metadata: { namespace: "shop" } } });
    expect(creation).not.toHaveProperty("draft.metadata.labels");
  });

  test("name their content where the claim is gone, and never an empty claim name", () => {
    const facts = membersSeen("absent");
    const orphaned = { ...facts, members: facts.members.map((one) => ({ ...one, claim: undefined })) };
    const content = memberNamesOf(aBoundGroup(), handleOf("data")).content;
    expect(decideMembers(orphaned).steps[0]?.[0]).toMatchObject({
      draft: { spec: { source: { volumeSnapshotContentName: content } } },
    });
  });

  test("get their contents, with the uids of the snapshots, in the second round", () => {
    const plan = decideMembers(membersSeen("snapshot"));
    expect(dos(plan)).toEqual([["create", "create"]]);
    const { snapshot, content } = memberNamesOf(aBoundGroup(), handleOf("data"));
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

  test("get no contents before the mark of their group is off, and with them what the group is worth", () => {
    const content = aGroupContent(aBoundGroup(), memberClaims, { status: aCut(memberClaims) });
    const annotated = (annotations: Record<string, string>) => ({
      content: { ...content, metadata: { ...content.metadata, annotations } },
    });
    const marked = annotated({ [groupBeingCreated]: "yes" });
    expect(dos(decideMembers(membersSeen("absent", marked)))).toEqual([["create", "create"]]);
    expect(decideMembers(membersSeen("snapshot", marked))).toMatchObject({ reason: "WaitForMarkOff", steps: [] });
    const cut = annotated({ [consistencyAnnotation]: "crash" });
    expect(decideMembers(membersSeen("snapshot", cut)).steps[0]?.[0]).toMatchObject({
      draft: { metadata: { annotations: { [memberGroupHandle]: "group-1", [consistencyAnnotation]: "crash" } } },
    });
  });

  test("get both statuses in the third round, and the group its own after them", () => {
    const plan = decideMembers(membersSeen("both"));
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
        boundVolumeSnapshotContentName: memberNamesOf(aBoundGroup(), handleOf("data")).content,
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
    const group = aBoundGroup({ readyToUse: true, creationTime: "2026-01-01T00:00:00Z" });
    const content = aGroupContent(group, memberClaims, { status: aCut(memberClaims) });
    expect(decideMembers(membersSeen("told", { group, content }))).toMatchObject({
      reason: "Ready",
      steps: [],
      events: [],
    });
  });

  test("are not ready before the driver said so of them, of the group or of their content", () => {
    const content = aGroupContent(aBoundGroup(), memberClaims, { status: aCut(memberClaims, false) });
    const plan = decideMembers(membersSeen("both", { content }));
    const statuses = plan.steps.flat().map((action) => "status" in action && action.status);
    expect(statuses).toMatchObject(statuses.map(() => ({ readyToUse: false })));
    expect(plan).toMatchObject({ reason: "WaitForReady", events: [] });
  });

  test("stay ready when the driver's list takes it back", () => {
    const facts = membersSeen("told");
    const content = aGroupContent(facts.group, memberClaims, { status: aCut(memberClaims, false) });
    const members = facts.members.map((one) => ({ ...one, info: { ...one.info, readyToUse: false } }));
    expect(dos(decideMembers({ ...facts, content, members }))).toEqual([["writeStatus"]]);
  });

  test("are known by group, kind and uid, whatever version the owner was written in", () => {
    const facts = membersSeen("told");
    const members = facts.members.map((one) => ({
      ...one,
      snapshot: one.snapshot && withOwner(one.snapshot, { apiVersion: "groupsnapshot.storage.k8s.io/v1beta1" }),
    }));
    expect(decideMembers({ ...facts, members }).reason).toBe("Ready");
  });

  test("are not made over a snapshot of the same name that somebody else owns", () => {
    const facts = membersSeen("told");
    const members = facts.members.map((one) => ({
      ...one,
      snapshot: one.snapshot && withOwner(one.snapshot, { uid: "somebody" }),
    }));
    expect(decideMembers({ ...facts, members }).reason).toBe("GroupSnapshotMisbound");
  });

  test.each<[string, Partial<SnapshotContent["spec"]>]>([
    ["another snapshot on the storage", { source: { snapshotHandle: snapshotHandle("other") } }],
    ["another namespace's snapshot", { volumeSnapshotRef: { namespace: "bank", name: "theirs", uid: "theirs" } }],
  ])("are not bound to a content of the same name that stands for %s", (_what, spec) => {
    const facts = membersSeen("told");
    const members = facts.members.map((one) => ({
      ...one,
      content: one.content && { ...one.content, spec: { ...one.content.spec, ...spec } },
    }));
    expect(decideMembers({ ...facts, members })).toMatchObject({
      reason: "GroupSnapshotMisbound",
      events: [{ message: expect.stringContaining("stands for another snapshot") as string }],
    });
  });

  test("that were deleted alone stay; why is told by those who look after single snapshots, once", () => {
    const facts = membersSeen("told");
    const members = facts.members.map((one) => ({ ...one, snapshot: one.snapshot && terminating(one.snapshot) }));
    const plan = decideMembers({ ...facts, members });
    expect(plan.steps).toEqual(decideMembers(facts).steps);
    expect(plan.events).toMatchObject([{ reason: "GroupSnapshotReady" }]);
  });

  test("that were taken away by force and made again are bound to their contents again", () => {
    const facts = membersSeen("told");
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
