import { describe, expect, test } from "vitest";
import { beingDeleted, memberGroupHandle } from "../../../api/annotations.ts";
import { contentFinalizer } from "../../../api/finalizers.ts";
import { volumeHandle } from "../../../api/handles.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import type { ObjectMeta } from "../../../kube/object.ts";
import { aContentOf, aReadySnapshot } from "../../../testing/objects/storage.ts";
import { decide } from "./decide.ts";
import type { ContentSeen } from "./observe.ts";

const snapshot = aReadySnapshot("nightly");
const brought = aContentOf(snapshot);
const made: SnapshotContent = { ...brought, spec: { ...brought.spec, source: { volumeHandle: volumeHandle("v") } } };
const withMeta = (content: SnapshotContent, meta: Partial<ObjectMeta> = {}): SnapshotContent => ({
  ...content,
  metadata: { ...content.metadata, finalizers: [contentFinalizer], ...meta },
});
const since = "2026-01-01T00:00:00Z";

const now = new Date("2026-01-01T00:01:30Z");
const plan = (seen: Partial<ContentSeen>) =>
  decide({ content: withMeta(made), snapshot: undefined, groupGoes: false, now, ...seen });
const decided = (seen: Partial<ContentSeen>) =>
  plan(seen).steps.map((step) => step.map((action) => (action.do === "change" ? action.change : action.do)));
const marked = { annotations: { [beingDeleted]: "yes" } };

describe("a content in the snapshot-controller", () => {
  test.each<[string, Partial<ContentSeen>, unknown]>([
    ["that an admin made is protected", { content: brought, snapshot }, [[{ addFinalizers: [contentFinalizer] }]]],
    [
      "is left alone while its snapshot exists",
      { content: withMeta(made, { deletionTimestamp: since }), snapshot },
      [],
    ],
    ["that we made goes with a snapshot that went without it", {}, [[marked], ["delete"]]],
    ["that an admin made outlives its snapshot", { content: withMeta(brought) }, []],
    [
      "that is retained outlives its snapshot",
      { content: withMeta({ ...made, spec: { ...made.spec, deletionPolicy: "Retain" } }) },
      [],
    ],
    [
      "whose snapshot is gone may be deleted by hand",
      { content: withMeta(brought, { deletionTimestamp: since }) },
      [[marked]],
    ],
    [
      "of a member is left to its group",
      { content: withMeta(brought, { annotations: { [memberGroupHandle]: "g" } }) },
      [],
    ],
    [
      "of a member that nobody lets go is let go after a minute",
      { content: withMeta(brought, { annotations: { [memberGroupHandle]: "g" }, deletionTimestamp: since }) },
      [[marked]],
    ],
    [
      "of a member is left to its group while that goes, whatever the clock says",
      {
        content: withMeta(brought, { annotations: { [memberGroupHandle]: "g" }, deletionTimestamp: since }),
        groupGoes: true,
        now: new Date("2026-01-01T05:00:00Z"),
      },
      [],
    ],
  ])("a content in the snapshot-controller %s", (_what, seen, expected) => {
    expect(decided(seen)).toEqual(expected);
  });

  test("that is left to a group that goes is looked at again", () => {
    const content = withMeta(brought, { annotations: { [memberGroupHandle]: "g" }, deletionTimestamp: since });
    expect(plan({ content, groupGoes: true }).next).toEqual({ when: "later", delayMs: 60_000 });
  });
});
