import { describe, expect, test } from "vitest";
import { groupBeingDeleted } from "../../../api/annotations.ts";
import type { GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import { groupSnapshotHandle } from "../../../api/handles.ts";
import { aGroupContent, aProtectedGroup, terminating } from "../../../testing/group-builders.ts";
import { aClaim } from "../../../testing/objects/storage.ts";
import { decideGuard, type GuardSeen } from "./guard.ts";

const group = aProtectedGroup();
const made = aGroupContent(group, ["data"]);
const brought: GroupSnapshotContent = {
  ...made,
  spec: {
    ...made.spec,
    source: {
      groupSnapshotHandles: { volumeGroupSnapshotHandle: groupSnapshotHandle("g"), volumeSnapshotHandles: [] },
    },
  },
};
const retained: GroupSnapshotContent = { ...made, spec: { ...made.spec, deletionPolicy: "Retain" } };
const unprotected = aGroupContent(group, ["data"], { meta: { finalizers: [] } });
const marked = aGroupContent(group, ["data"], { meta: { annotations: { [groupBeingDeleted]: "yes" } } });

const decided = (seen: Partial<GuardSeen>) => {
  const plan = decideGuard({ content: made, group: undefined, restores: [], ...seen });
  return [plan.reason, ...plan.steps.flat().map((action) => action.do)];
};

describe("a group's content in the snapshot-controller", () => {
  test.each<[string, Partial<GuardSeen>, readonly string[]]>([
    [
      "is kept while its group exists, even when somebody deletes it",
      { content: terminating(made), group },
      ["ContentIsKept"],
    ],
    [
      "that an admin made without a finalizer is protected",
      { content: unprotected, group },
      ["ProtectContent", "change"],
    ],
    ["is cleared away when its group was taken away by force", {}, ["ClearContent", "change", "delete"]],
    ["is not marked twice", { content: marked }, ["ClearContent", "delete"]],
    ["that an admin has brought outlives its group", { content: brought }, ["ContentOutlivesItsGroup"]],
    ["that is retained outlives its group", { content: retained }, ["ContentOutlivesItsGroup"]],
    ["that outlived its group may be deleted by hand", { content: terminating(retained) }, ["ClearContent", "change"]],
    ["waits for restores from its members", { restores: [aClaim("restored")] }, ["WaitForRestores"]],
  ])("%s", (_what, seen, expected) => {
    expect(decided(seen)).toEqual(expected);
  });
});
