import { describe, expect, test } from "vitest";
import { beingDeleted, groupBeingCreated, groupBeingDeleted } from "../../../api/annotations.ts";
import {
  contentFinalizer,
  groupContentFinalizer,
  groupFinalizer,
  memberFinalizer,
  snapshotFinalizer,
  snapshotSourceFinalizer,
} from "../../../api/finalizers.ts";
import type { GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import { groupSnapshotHandle, snapshotHandle } from "../../../api/handles.ts";
import type { Snapshot, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { Plan } from "../../../kube/controller/plan.ts";
import {
  aCut,
  aGroup,
  aGroupClass,
  aGroupContent,
  aProtectedGroup,
  terminating,
} from "../../../testing/group-builders.ts";
import { aClaim, aContentOf, aReadySnapshot } from "../../../testing/objects/storage.ts";
import type { ObjectAction } from "../../pairing/action.ts";
import type { ContentAction } from "../cutting/decide.ts";
import type { ContentSeen } from "../cutting/observe.ts";
import { decideRelease } from "./decide.ts";
import type { ReleaseSeen } from "./observe.ts";
import { decideStorageRelease, isReleased } from "./storage.ts";

const names = ["data", "wal"];
const now = new Date("2026-01-02T00:00:00Z");
const memberFinalizers = [memberFinalizer, snapshotFinalizer, snapshotSourceFinalizer];

const withFinalizers = <T extends Snapshot | SnapshotContent>(object: T, finalizers: readonly string[]): T => ({
  ...object,
  metadata: { ...object.metadata, finalizers },
});
const snapshots = names.map((name) => withFinalizers(aReadySnapshot(name), memberFinalizers));
const contents = snapshots.map((snapshot) => withFinalizers(aContentOf(snapshot), [contentFinalizer]));
const retained = (content: GroupSnapshotContent): GroupSnapshotContent => ({
  ...content,
  spec: { ...content.spec, deletionPolicy: "Retain" },
});
const cutContent = aGroupContent(aProtectedGroup(), names, { status: aCut(names) });
const annotated = (content: GroupSnapshotContent, ...marks: readonly string[]): GroupSnapshotContent => ({
  ...content,
  metadata: { ...content.metadata, annotations: Object.fromEntries(marks.map((mark) => [mark, "yes"])) },
});

function seen(change: Partial<ReleaseSeen> = {}): ReleaseSeen {
  const group = terminating(aProtectedGroup());
  return { stage: "release", group, content: cutContent, snapshots, contents, restores: [], now, ...change };
}

/** Each action as a word and the object it is about: "delete VolumeSnapshot data". */
function said(plan: Plan<ObjectAction | ContentAction>): readonly (readonly string[])[] {
  return plan.steps.map((step) =>
    step.map((action) => {
      if (!("object" in action)) return action.do;
      const { kind, metadata } = action.object;
      return `${action.do} ${kind} ${kind.includes("Group") ? "" : metadata.name}`.trim();
    }),
  );
}

describe("the release of a group", () => {
  test("waits for claims that are being restored from a member, and says which", () => {
    const plan = decideRelease(seen({ restores: [aClaim("restored", {}, { namespace: "elsewhere" })] }));
    expect(plan.reason).toBe("SnapshotDeletePending");
    expect(plan.events?.[0]?.message).toContain("elsewhere/restored");
    expect(said(plan)).toEqual([["writeStatus VolumeGroupSnapshot"]]);
  });

  test("deletes all members side by side, before anything else", () => {
    expect(said(decideRelease(seen()))).toEqual([
      [
        "delete VolumeSnapshot data",
        "delete VolumeSnapshot wal",
        "delete VolumeSnapshotContent content-of-data",
        "delete VolumeSnapshotContent content-of-wal",
      ],
    ]);
  });

  test("then lets them go, each content with its deletion mark and without its finalizer in one patch", () => {
    const plan = decideRelease(seen({ snapshots: snapshots.map(terminating), contents: contents.map(terminating) }));
    const changes = plan.steps.flat().map((action) => action.do === "change" && action.change);
    expect(changes).toEqual([
      { removeFinalizers: memberFinalizers },
      { removeFinalizers: memberFinalizers },
      { removeFinalizers: [contentFinalizer], annotations: { [beingDeleted]: "yes" } },
      { removeFinalizers: [contentFinalizer], annotations: { [beingDeleted]: "yes" } },
    ]);
  });

  test("takes the finalizers off members whatever their statuses say", () => {
    const bare = snapshots.map(({ status: _status, ...snapshot }) => terminating(snapshot));
    expect(said(decideRelease(seen({ snapshots: bare, contents: [] })))).toEqual([
      ["change VolumeSnapshot data", "change VolumeSnapshot wal"],
    ]);
  });

  test("does not wait for finalizers of others on the members", () => {
    const held = snapshots.map((one) => terminating(withFinalizers(one, ["backup.example.com/hold"])));
    expect(said(decideRelease(seen({ snapshots: held, contents: [] })))).toEqual([
      ["change VolumeGroupSnapshotContent"],
      ["delete VolumeGroupSnapshotContent"],
    ]);
  });

  test("marks the content before it deletes it, and waits until it is gone", () => {
    const marked = terminating(annotated(cutContent, groupBeingDeleted));
    expect(said(decideRelease(seen({ snapshots: [], contents: [] })))).toEqual([
      ["change VolumeGroupSnapshotContent"],
      ["delete VolumeGroupSnapshotContent"],
    ]);
    expect(decideRelease(seen({ snapshots: [], contents: [], content: marked }))).toMatchObject({
      reason: "WaitForContentGone",
      steps: [],
    });
  });

  test("tells on the group what keeps the storage from being cleaned", () => {
    const error = { message: "The driver is away" };
    const marked = terminating(
      annotated({ ...cutContent, status: { ...cutContent.status, error } }, groupBeingDeleted),
    );
    const plan = decideRelease(seen({ snapshots: [], contents: [], content: marked }));
    expect(plan.events).toMatchObject([{ reason: "GroupSnapshotContentObjectDeleteError", message: error.message }]);
    expect(said(plan)).toEqual([["writeStatus VolumeGroupSnapshot"]]);
  });

  test("lets the group go when its content is gone", () => {
    const plan = decideRelease(seen({ snapshots: [], contents: [], content: undefined }));
    expect(plan.steps).toMatchObject([[{ do: "change", change: { removeFinalizers: [groupFinalizer] } }]]);
  });

  test("with Retain leaves every content, marked and without the members' finalizers", () => {
    const content = retained(cutContent);
    expect(said(decideRelease(seen({ content })))).toEqual([
      ["delete VolumeSnapshot data", "delete VolumeSnapshot wal"],
    ]);
    expect(said(decideRelease(seen({ content, snapshots: [] })))).toEqual([
      ["change VolumeSnapshotContent content-of-data", "change VolumeSnapshotContent content-of-wal"],
    ]);
    const letGo = contents.map((one) => withFinalizers(one, []));
    expect(said(decideRelease(seen({ content, snapshots: [], contents: letGo })))).toEqual([
      ["change VolumeGroupSnapshotContent"],
    ]);
    const marked = annotated(content, groupBeingDeleted);
    expect(decideRelease(seen({ content: marked, snapshots: [], contents: letGo })).reason).toBe("LetGroupGo");
  });

  test("is done with a group that has no finalizer of ours", () => {
    expect(decideRelease(seen({ group: terminating(aGroup()) }))).toMatchObject({ reason: "Released", steps: [] });
  });
});

describe("the sidecar's part of a release", () => {
  const given = (content: GroupSnapshotContent, learnt: ContentSeen["learnt"] = {}): ContentSeen => ({
    content: terminating(content),
    groupClass: aGroupClass(),
    driver: "scripted.csi.example.com",
    canCutGroups: true,
    learnt,
    now,
  });
  const uncut = aGroupContent(aProtectedGroup(), names);

  test("begins when the controller has marked the content, and not when its object alone is deleted", () => {
    const marked = annotated(uncut, groupBeingDeleted);
    const unbound = { ...uncut, spec: { ...uncut.spec, volumeGroupSnapshotRef: {} } };
    expect([uncut, cutContent, marked, unbound].map((one) => isReleased(terminating(one)))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(isReleased(marked)).toBe(false);
  });

  test("deletes by the handle it knows and then lets the content go", () => {
    const plan = decideStorageRelease(given(annotated(cutContent, groupBeingDeleted)));
    expect(said(plan)).toEqual([["deleteCut"], ["change VolumeGroupSnapshotContent"]]);
    expect(plan.steps[0]).toMatchObject([{ handle: "group-1", members: ["snapshot-of-data", "snapshot-of-wal"] }]);
    expect(plan.steps[1]).toMatchObject([{ change: { removeFinalizers: [groupContentFinalizer] } }]);
  });

  test("lets a content go at once that was never sent to the driver", () => {
    expect(said(decideStorageRelease(given(annotated(uncut, groupBeingDeleted))))).toEqual([
      ["change VolumeGroupSnapshotContent"],
    ]);
  });

  test("repeats the create to learn the handle while the mark is on, and deletes what it learns", () => {
    const marked = annotated(uncut, groupBeingDeleted, groupBeingCreated);
    expect(said(decideStorageRelease(given(marked)))).toEqual([["recall"]]);
    const answer = {
      handle: groupSnapshotHandle("group-7"),
      readyToUse: false,
      snapshots: [{ snapshotHandle: snapshotHandle("s-1") }],
    };
    expect(decideStorageRelease(given(marked, { answer })).steps[0]).toMatchObject([
      { do: "deleteCut", handle: "group-7", members: ["s-1"] },
    ]);
  });

  test("does not cut only to delete when it knows that the driver refused every time", () => {
    const marked = annotated(uncut, groupBeingDeleted, groupBeingCreated);
    expect(said(decideStorageRelease(given(marked, { nothingCut: true })))).toEqual([
      ["change VolumeGroupSnapshotContent"],
    ]);
  });

  test("with Retain leaves the storage alone", () => {
    expect(said(decideStorageRelease(given(annotated(retained(cutContent), groupBeingDeleted))))).toEqual([
      ["change VolumeGroupSnapshotContent"],
    ]);
  });

  test("deletes what an admin brought, by the handles in the spec", () => {
    const handles = {
      volumeGroupSnapshotHandle: groupSnapshotHandle("brought"),
      volumeSnapshotHandles: [snapshotHandle("a"), snapshotHandle("b")],
    };
    const brought = annotated(
      { ...uncut, spec: { ...uncut.spec, source: { groupSnapshotHandles: handles } } },
      groupBeingDeleted,
    );
    expect(decideStorageRelease(given(brought)).steps[0]).toMatchObject([{ handle: "brought", members: ["a", "b"] }]);
  });
});
