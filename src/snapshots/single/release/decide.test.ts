import { describe, expect, test } from "vitest";
import { beingDeleted } from "../../../api/annotations.ts";
import { memberFinalizer, snapshotFinalizer, snapshotSourceFinalizer } from "../../../api/finalizers.ts";
import type { GroupSnapshot } from "../../../api/group-snapshot/types.ts";
import { parseSnapshotSource } from "../../../api/snapshot/source.ts";
import type { Snapshot, SnapshotContent } from "../../../api/snapshot/types.ts";
import { aClaim, aContentOf, aReadySnapshot } from "../../../testing/objects/storage.ts";
import type { SingleSeen } from "../binding/seen.ts";
import { decideRelease } from "./decide.ts";

const finalizers = [snapshotFinalizer, snapshotSourceFinalizer];
const ready = aReadySnapshot("nightly");
const going: Snapshot = {
  ...ready,
  metadata: { ...ready.metadata, finalizers, deletionTimestamp: "2026-01-01T00:00:00Z" },
};
const content = aContentOf(ready);
const marked: SnapshotContent = {
  ...content,
  metadata: { ...content.metadata, annotations: { [beingDeleted]: "yes" } },
};
const retained = (of: SnapshotContent): SnapshotContent => ({ ...of, spec: { ...of.spec, deletionPolicy: "Retain" } });
const ending = (of: SnapshotContent): SnapshotContent => ({
  ...of,
  metadata: { ...of.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" },
});
const group: GroupSnapshot = {
  apiVersion: "groupsnapshot.storage.k8s.io/v1",
  kind: "VolumeGroupSnapshot",
  metadata: { ...ready.metadata, name: "all" },
  spec: { source: {} },
};

const release = (given: Partial<SingleSeen>) =>
  decideRelease({
    snapshot: going,
    source: parseSnapshotSource(going),
    content: undefined,
    claim: undefined,
    volume: undefined,
    classes: [],
    group: undefined,
    isMember: false,
    restores: [],
    now: new Date("2026-01-01T00:00:00Z"),
    ...given,
  });
const did = (given: Partial<SingleSeen>) =>
  release(given).steps.map((step) =>
    step.map((action) => (action.do === "change" ? Object.keys(action.change) : action.do)),
  );

const marks = [["annotations"]];
const letsGo = [[["removeFinalizers"]]];

describe("releasing a snapshot", () => {
  test.each<[string, Partial<SingleSeen>, unknown]>([
    ["marks its content and deletes it, in this order", { content }, [marks, ["delete"]]],
    ["waits for the storage", { content: ending(marked) }, []],
    ["lets go when the content is gone", {}, letsGo],
    ["marks a content that is retained, and leaves it", { content: retained(content) }, [marks]],
    ["lets go when the retained content is marked", { content: retained(marked) }, letsGo],
    [
      "leaves a content alone that belongs to another",
      { content: { ...content, spec: { ...content.spec, volumeSnapshotRef: { uid: "other" } } } },
      letsGo,
    ],
    [
      "does nothing once it has let go",
      { snapshot: { ...going, metadata: { ...going.metadata, finalizers: ["other"] } } },
      [],
    ],
    [
      "leaves a member to its group that goes too",
      { group: { ...group, metadata: { ...group.metadata, deletionTimestamp: "now" } }, content },
      [],
    ],
    [
      "releases a member whose group is gone like any other",
      { isMember: true, snapshot: { ...going, metadata: { ...going.metadata, finalizers: [memberFinalizer] } } },
      letsGo,
    ],
  ])("a snapshot that is released %s", (_what, given, expected) => {
    expect(did(given)).toEqual(expected);
  });

  test("says why a member does not go alone", () => {
    expect(release({ group, content })).toMatchObject({
      steps: [],
      events: [
        {
          reason: "SnapshotDeletePending",
          message: expect.stringContaining('member of VolumeGroupSnapshot "all"') as string,
        },
      ],
    });
  });

  test("waits for volumes that are being made from the snapshot, and names them", () => {
    expect(release({ content, restores: [aClaim("restored")] })).toMatchObject({
      steps: [],
      events: [{ reason: "SnapshotDeletePending", message: expect.stringContaining("shop/restored") as string }],
    });
  });

  test("shows on the snapshot why the storage does not delete it", () => {
    const error = { message: "busy", time: "2026-01-01T00:00:00Z" };
    const stuck = { ...ending(marked), status: { ...marked.status, error } };
    expect(release({ content: stuck }).steps).toMatchObject([[{ do: "writeStatus", status: { error } }]]);
  });
});
