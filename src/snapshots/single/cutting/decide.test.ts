import { describe, expect, test } from "vitest";
import { beingCreated, beingDeleted, memberGroupHandle } from "../../../api/annotations.ts";
import { contentFinalizer } from "../../../api/finalizers.ts";
import { snapshotHandle, volumeHandle } from "../../../api/handles.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import { aContentOf, aReadySnapshot } from "../../../testing/objects/storage.ts";
import { decide } from "./decide.ts";
import type { Asking, CuttingSeen } from "./observe.ts";
import { workOf } from "./work.ts";

const brought = aContentOf(aReadySnapshot("nightly"));
const { volumeSnapshotRef } = brought.spec;

interface Given {
  readonly adopts?: boolean;
  readonly marks?: readonly string[];
  readonly handle?: boolean;
  readonly ready?: boolean;
  readonly going?: boolean;
  readonly retain?: boolean;
  readonly unbound?: boolean;
  readonly asking?: Asking;
}

/** A content that was made just now for a snapshot of volume "v", and what the test says of it. */
function contentOf(given: Given): SnapshotContent {
  const { uid: _uid, ...unbound } = volumeSnapshotRef;
  return {
    ...brought,
    metadata: {
      ...brought.metadata,
      finalizers: [contentFinalizer],
      annotations: Object.fromEntries((given.marks ?? []).map((mark) => [mark, "yes"])),
      ...(given.going && { deletionTimestamp: "2026-01-01T00:00:01Z" }),
    },
    spec: {
      driver: brought.spec.driver,
      deletionPolicy: given.retain ? "Retain" : "Delete",
      volumeSnapshotRef: given.unbound ? unbound : volumeSnapshotRef,
      source: given.adopts ? { snapshotHandle: snapshotHandle("s") } : { volumeHandle: volumeHandle("v") },
    },
    status: { ...(given.handle && { snapshotHandle: snapshotHandle("s") }), readyToUse: given.ready ?? false },
  };
}

function seenOf(given: Given, change: Partial<CuttingSeen> = {}): CuttingSeen {
  const content = contentOf(given);
  return {
    content,
    work: workOf(content),
    isMember: content.metadata.annotations?.[memberGroupHandle] !== undefined,
    snapshotClass: undefined,
    parameters: { forDriver: {}, secrets: {} },
    secret: { values: {}, version: undefined },
    asking: given.asking ?? "get",
    canCreate: true,
    now: new Date("2026-01-01T00:00:02Z"),
    ...change,
  };
}

const didOf = (seen: CuttingSeen) =>
  decide(seen).steps.map((step) =>
    step.map((action) => {
      if (action.do !== "change") return action.do === "check" ? `check by ${action.by}` : action.do;
      if (action.change.removeFinalizers) return "letGo";
      return action.change.annotations?.[beingCreated] === null ? "unmark" : "mark";
    }),
  );

describe("a content in the sidecar", () => {
  test.each<[string, Given, string[]]>([
    ["is marked, cut and unmarked, in this order", {}, ["mark", "cut", "unmark"]],
    ["is cut again when a create may be in flight", { marks: [beingCreated] }, ["cut", "unmark"]],
    ["is unmarked when its handle is known", { marks: [beingCreated], handle: true }, ["unmark"]],
    ["is checked until it is ready", { handle: true }, ["check by get"]],
    ["is checked by the list where nothing better is there", { handle: true, asking: "list" }, ["check by list"]],
    ["is checked by a repeated create where nothing else is there", { handle: true, asking: "create" }, ["cut"]],
    ["is left alone when it is ready", { handle: true, ready: true }, []],
    ["is not cut when its snapshot goes already", { marks: [beingDeleted] }, []],
    ["is not cut before it is bound", { unbound: true }, []],
    ["that an admin brought is checked", { adopts: true }, ["check by get"]],
    [
      "that an admin brought is taken at their word where nobody can be asked",
      { adopts: true, asking: "none" },
      ["check by none"],
    ],
    ["of a member is left to its group", { adopts: true, marks: [memberGroupHandle] }, []],
    ["of a member that names the volume, as upstream's do, is not cut", { marks: [memberGroupHandle] }, []],
  ])("a content in the sidecar %s", (_what, given, expected) => {
    expect(didOf(seenOf(given)).flat()).toEqual(expected);
  });

  test.each<[string, Given, string[]]>([
    ["is deleted on the storage and let go", { handle: true, marks: [beingDeleted] }, ["deleteSnapshot", "letGo"]],
    ["stays while its snapshot does not go", { handle: true, ready: true }, []],
    ["is cut all the same while its snapshot waits for it", {}, ["mark", "cut", "unmark"]],
    ["is checked all the same while its snapshot waits for it", { handle: true }, ["check by get"]],
    ["that was never cut is let go without a call", { marks: [beingDeleted] }, ["letGo"]],
    ["that may have been cut is cut again to learn its handle", { marks: [beingDeleted, beingCreated] }, ["cut"]],
    ["that is retained is let go without a call", { retain: true, handle: true, marks: [beingDeleted] }, ["letGo"]],
    [
      "of a member is let go without a call",
      { adopts: true, handle: true, marks: [beingDeleted, memberGroupHandle] },
      ["letGo"],
    ],
    ["that was never bound is deleted on the storage", { adopts: true, unbound: true }, ["deleteSnapshot", "letGo"]],
  ])("that is being deleted %s", (_what, given, expected) => {
    expect(didOf(seenOf({ ...given, going: true })).flat()).toEqual(expected);
  });

  test("of a member is never called ready where the driver cannot be asked", () => {
    const seen = seenOf(
      { adopts: true, marks: [memberGroupHandle], asking: "none" },
      { now: new Date("2026-01-02T00:00:00Z") },
    );
    expect(decide(seen)).toMatchObject({ reason: "LeftToItsGroup", steps: [] });
  });

  test("of a member that nobody fills in for a minute is filled in from what the driver says", () => {
    const seen = seenOf({ adopts: true, marks: [memberGroupHandle] }, { now: new Date("2026-01-02T00:00:00Z") });
    expect(didOf(seen)).toEqual([["check by get"]]);
  });

  test("asks a driver that is not ready after growing delays, at most a minute apart", () => {
    expect([decide(seenOf({})).next, decide(seenOf({ handle: true })).next]).toEqual([
      { when: "poll", capMs: 60_000 },
      { when: "poll", capMs: 60_000 },
    ]);
  });

  test.each<[string, Partial<CuttingSeen>, string]>([
    ["the driver makes no snapshots", { canCreate: false }, "does not offer CREATE_DELETE_SNAPSHOT"],
    ["a class parameter is unknown", { parameters: { problem: "class parameter x is unknown" } }, "Class parameter x"],
    ["its secret is missing", { secret: { problem: "there is no Secret a/b" } }, "There is no Secret a/b"],
  ])("is not cut, and says why, when %s", (_when, change, expected) => {
    const said = expect.stringContaining(expected) as string;
    expect(decide(seenOf({}, change))).toMatchObject({
      steps: [[{ do: "patchStatus", status: { error: { message: said } } }]],
      events: [{ type: "Warning", reason: "SnapshotCreationFailed", message: said }],
    });
  });

  test("is cut no more when its class is gone", () => {
    const seen = seenOf({});
    const content = { ...seen.content, spec: { ...seen.content.spec, volumeSnapshotClassName: "gold" } };
    expect(decide({ ...seen, content }).events).toMatchObject([
      { message: 'There is no VolumeSnapshotClass "gold": create it again' },
    ]);
  });
});
