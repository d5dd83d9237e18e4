import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { consistencyAnnotation, groupBeingCreated } from "../../../api/annotations.ts";
import { groupContentFinalizer } from "../../../api/finalizers.ts";
import type { GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import { groupSnapshotHandle, snapshotHandle } from "../../../api/handles.ts";
import { VolumeGroupSnapshotSchema } from "../../../csi/gen/csi_pb.js";
import { Failure } from "../../../lib/failure.ts";
import { parseJson, stringifyJson } from "../../../lib/json.ts";
import {
  aCut,
  aGroupClass,
  aGroupContent,
  anInfo,
  aProtectedGroup,
  handleOf,
} from "../../../testing/group-builders.ts";
import { faultOfAnswer, parseAnswer, statusOf } from "./answer.ts";
import { decideCut } from "./decide.ts";
import { showFailure } from "./failure.ts";
import type { ContentSeen } from "./observe.ts";

const names = ["data", "wal"];
const fresh = aGroupContent(aProtectedGroup(), names);
const marked = (content: GroupSnapshotContent): GroupSnapshotContent => ({
  ...content,
  metadata: { ...content.metadata, annotations: { [groupBeingCreated]: "yes" } },
});
const cutOf = (readyToUse: boolean) => aGroupContent(aProtectedGroup(), names, { status: aCut(names, readyToUse) });
const answerOf = (readyToUse: boolean) => ({
  handle: groupSnapshotHandle("group-1"),
  creationTime: "2026-01-01T00:00:00Z",
  readyToUse,
  snapshots: names.map((name) => anInfo(name, readyToUse)),
});

function seen(content: GroupSnapshotContent, change: Partial<ContentSeen> = {}): ContentSeen {
  return {
    content,
    groupClass: aGroupClass(),
    driver: "scripted.csi.example.com",
    canCutGroups: true,
    learnt: {},
    now: new Date("2026-01-02T00:00:00Z"),
    ...change,
  };
}

const dos = (facts: ContentSeen) => decideCut(facts).steps.map((step) => step.map((action) => action.do).join());

describe("cutting a group", () => {
  test("puts the mark on before the driver is called", () => {
    const plan = decideCut(seen(fresh));
    expect(plan).toMatchObject({ reason: "Cut", next: { when: "again" } });
    expect(plan.steps).toMatchObject([
      [{ do: "change", change: { annotations: { [groupBeingCreated]: "yes" } } }],
      [{ do: "remember", learnt: { nothingCut: true } }],
      [{ do: "cut" }],
    ]);
  });

  test("puts the finalizer on with the mark where another's controller left it out", () => {
    const bare = { ...fresh, metadata: { ...fresh.metadata, finalizers: [] } };
    expect(decideCut(seen(bare)).steps[0]).toMatchObject([{ change: { addFinalizers: [groupContentFinalizer] } }]);
  });

  test("goes on under a mark that an earlier process left, without calling the storage empty", () => {
    expect(dos(seen(marked(fresh)))).toEqual(["cut"]);
  });

  test("writes the status whole, then takes the mark off", () => {
    const plan = decideCut(seen(marked(fresh), { learnt: { answer: answerOf(true) } }));
    expect(plan).toMatchObject({ reason: "Ready", next: { when: "onChange" } });
    expect(plan.steps).toMatchObject([
      [{ do: "writeStatus", status: aCut(names) }],
      [{ do: "change", change: { annotations: { [groupBeingCreated]: null } } }],
      [{ do: "remember" }],
    ]);
  });

  test("writes down what the cut is worth with the write that takes the mark off, and with no other", () => {
    const answer = { ...answerOf(true), consistency: "crash" };
    const annotations = { [groupBeingCreated]: null, [consistencyAnnotation]: "crash" };
    expect(decideCut(seen(marked(fresh), { learnt: { answer } })).steps[1]).toMatchObject([
      { change: { annotations } },
    ]);
    expect(dos(seen(cutOf(true), { learnt: { answer } }))).toEqual(["remember"]);
  });

  test("asks a driver that is not ready again, and writes nothing that is written already", () => {
    expect(dos(seen(cutOf(false)))).toEqual(["cut"]);
    const plan = decideCut(seen(cutOf(false), { learnt: { answer: answerOf(false) } }));
    expect(plan.steps).toMatchObject([[{ do: "remember" }]]);
    expect(plan.next).toEqual({ when: "poll", capMs: 60_000 });
  });

  test("refreshes the list until the driver says that it is ready", () => {
    const partly = { ...answerOf(false), snapshots: [anInfo("data", true), anInfo("wal", false)] };
    expect(decideCut(seen(cutOf(false), { learnt: { answer: partly } })).steps[0]).toMatchObject([
      { status: { readyToUse: false, volumeSnapshotInfoList: [{ readyToUse: true }, { readyToUse: false }] } },
    ]);
  });

  test("leaves a group alone that is ready, and takes off a mark that a crash left behind", () => {
    expect(decideCut(seen(cutOf(true)))).toMatchObject({ reason: "Ready", steps: [] });
    expect(dos(seen(marked(cutOf(true))))).toEqual(["change"]);
  });

  test("asks for what an admin brought, and never cuts it", () => {
    const handles = {
      volumeGroupSnapshotHandle: groupSnapshotHandle("brought"),
      volumeSnapshotHandles: [snapshotHandle("a")],
    };
    const brought = { ...fresh, spec: { ...fresh.spec, source: { groupSnapshotHandles: handles } } };
    expect(dos(seen(brought))).toEqual(["ask"]);
  });

  test("leaves a content of old alone whose volumes were named otherwise, and cuts none that names no volume", () => {
    const unnamed = { ...fresh, spec: { ...fresh.spec, source: { volumeHandles: [] } } };
    const cut = { ...unnamed, status: { volumeGroupSnapshotHandle: groupSnapshotHandle("group-1") } };
    expect(decideCut(seen(cut))).toMatchObject({ reason: "CutOfOld", steps: [] });
    const [told] = decideCut(seen(unnamed)).steps.flat();
    expect(told).toMatchObject({
      status: { error: { message: expect.stringContaining("names no volume") as string } },
    });
  });

  test("asks for a cut by its handle when the class is gone before it is ready", () => {
    expect(dos(seen(cutOf(false), { groupClass: undefined }))).toEqual(["ask"]);
  });

  test.each<[string, Partial<ContentSeen>, string]>([
    ["a driver without the capability", { canCutGroups: false }, "CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT"],
    ["a class that is gone", { groupClass: undefined }, 'spec.volumeGroupSnapshotClassName names "groups"'],
    [
      "a class with a key that means nothing",
      { groupClass: aGroupClass({ parameters: { "csi.storage.k8s.io/nothing": "x" } }) },
      "csi.storage.k8s.io/nothing",
    ],
  ])("tells of %s on the content and does not call the driver", (_what, change, text) => {
    const plan = decideCut(seen(fresh, change));
    expect(plan.steps).toMatchObject([
      [{ do: "writeStatus", status: { error: { message: expect.stringContaining(text) } } }],
    ]);
    expect(plan.events).toMatchObject([{ type: "Warning", reason: "GroupSnapshotCreationFailed" }]);
  });
});

describe("a driver's answer", () => {
  const message = create(VolumeGroupSnapshotSchema, {
    groupSnapshotId: "group-1",
    readyToUse: true,
    creationTime: { seconds: 1_767_225_600n, nanos: 5 },
    snapshots: ["wal", "data"].map((name) => ({
      snapshotId: `snapshot-of-${name}`,
      sourceVolumeId: `handle-of-${name}`,
      sizeBytes: 1n << 30n,
      creationTime: { seconds: 1_767_225_600n, nanos: 123_456_789 },
      readyToUse: true,
    })),
  });
  const asked = names.map(handleOf);

  test("is read in the order of the question, with every digit of its nanoseconds", () => {
    const answer = parseAnswer(message, asked);
    expect(statusOf(fresh, answer)).toEqual(aCut(names));
    const text = stringifyJson(statusOf(fresh, answer));
    expect(text).toContain('"creationTime":1767225600123456789');
    expect(parseJson(text)).toMatchObject({
      volumeSnapshotInfoList: [{ creationTime: 1_767_225_600_123_456_789n }, {}],
    });
  });

  test("leaves out a size of 0, which means that it is not known", () => {
    const [first] = message.snapshots;
    const answer = parseAnswer({ ...message, snapshots: first ? [{ ...first, sizeBytes: 0n }] : [] }, asked);
    expect(answer.snapshots[0]).not.toHaveProperty("restoreSize");
  });

  test.each([
    ["a missing group snapshot", parseAnswer(undefined, asked), "without a handle"],
    ["a dropped volume", { ...answerOf(true), snapshots: [anInfo("data")] }, 'no snapshot of volume "handle-of-wal"'],
    [
      "another handle than before",
      { ...answerOf(true), handle: groupSnapshotHandle("group-2") },
      '"group-2" where it had answered "group-1" before',
    ],
  ])("is not believed with %s", (_what, answer, text) => {
    expect(faultOfAnswer(cutOf(false), answer)).toContain(text);
  });

  test("is believed with exactly one snapshot a volume", () => {
    expect(faultOfAnswer(cutOf(false), answerOf(true))).toBeUndefined();
  });
});

describe("a call that the driver did not do", () => {
  const failed = (code: ConstructorParameters<typeof Failure>[0], attempts: number, action = "cut") => ({
    failure: new Failure(code, "the driver says no"),
    action,
    attempts,
    retryAt: new Date("2026-01-02T00:01:00Z"),
  });

  test("is shown on the content once, and its mark stays", () => {
    const plan = showFailure(seen(marked(fresh)), failed("invalid", 1));
    expect(plan.steps).toMatchObject([[{ do: "writeStatus", status: { error: { message: "The driver says no" } } }]]);
    const error = { time: "2026-01-01T00:00:00Z", message: "The driver says no" };
    const told = { ...marked(fresh), status: { readyToUse: false, error } };
    expect(showFailure(seen(told), failed("invalid", 2)).steps).toEqual([]);
  });

  test("is not worth a line while the driver says that it is at it, until it has been for long", () => {
    expect(showFailure(seen(fresh), failed("busy", 1))).toMatchObject({ reason: "TryAgain", steps: [] });
    expect(showFailure(seen(fresh), failed("busy", 6)).steps).toHaveLength(1);
  });

  test("is not what a write that lost a race is called", () => {
    expect(showFailure(seen(fresh), failed("unavailable", 1, "writeStatus"))).toMatchObject({ steps: [] });
  });
});
