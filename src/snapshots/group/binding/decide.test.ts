import { describe, expect, test } from "vitest";
import { isDefaultGroupClass } from "../../../api/annotations.ts";
import { claimFinalizer, groupContentFinalizer, groupFinalizer } from "../../../api/finalizers.ts";
import type { LabelSelector } from "../../../kube/object.ts";
import { aGroup, aGroupClass, aProtectedGroup, aSourceClaim, handleOf } from "../../../testing/group-builders.ts";
import { aClaim } from "../../../testing/objects/storage.ts";
import { decideBinding } from "./decide.ts";
import { classOf, firstObstacle } from "./obstacles.ts";
import type { BindingSeen, SelectedClaim } from "./seen.ts";

const now = new Date("2026-01-02T00:00:00Z");
const protectedClaim = (name: string) => aSourceClaim(name, { finalizers: [claimFinalizer] });

function seen(change: Partial<BindingSeen> = {}): BindingSeen {
  const group = change.group ?? aGroup();
  return {
    stage: "binding",
    group,
    source: { kind: "select", selector: group.spec.source.selector ?? {} },
    classes: [aGroupClass()],
    claims: [aSourceClaim("data"), aSourceClaim("wal")],
    now,
    ...change,
  };
}

const selecting = (selector: LabelSelector) => aGroup({ spec: { source: { selector } } });
const ofDriver = (name: string, driver: string): SelectedClaim => {
  const { claim, volume } = aSourceClaim(name);
  return { claim, volume: { ...volume, spec: { ...volume.spec, csi: { driver, volumeHandle: name } } } };
};
const ofNoCsi = (name: string): SelectedClaim => {
  const { claim, volume } = aSourceClaim(name);
  const { csi: _csi, ...spec } = volume.spec;
  return { claim, volume: { ...volume, spec } };
};
const pending = (name: string): SelectedClaim => ({ claim: aClaim(name), volume: undefined });
const going = (name: string) => aSourceClaim(name, { deletionTimestamp: "2026-01-01T01:00:00Z" });
const defaultClass = (name: string, driver?: string) =>
  aGroupClass(driver ? { driver } : {}, { name, annotations: { [isDefaultGroupClass]: "true" } });
const placeholder = (key: string) => `\${${key}}`;
const withoutClass = aGroup({ spec: { source: { selector: { matchLabels: { app: "db" } } } } });

describe("what keeps a group from being bound", () => {
  test.each<[string, Partial<BindingSeen>, string, readonly string[]]>([
    ["an empty selector", { group: selecting({}) }, "GroupSnapshotValidationError", ["spec.source.selector is empty"]],
    [
      "In without values",
      { group: selecting({ matchExpressions: [{ key: "app", operator: "In", values: [] }] }) },
      "GroupSnapshotValidationError",
      ['key "app"', "operator In", "In and NotIn need values"],
    ],
    [
      "Exists with values",
      { group: selecting({ matchExpressions: [{ key: "app", operator: "Exists", values: ["a"] }] }) },
      "GroupSnapshotValidationError",
      ["operator Exists", "1 values"],
    ],
    [
      "an unknown class",
      { classes: [aGroupClass({}, { name: "other" })] },
      "GetGroupSnapshotClassFailed",
      ['no group snapshot class "groups"', "create it"],
    ],
    [
      "no default class, even before any claim matches",
      { group: withoutClass, claims: [] },
      "SetDefaultGroupSnapshotClassFailed",
      ["cannot find default group snapshot class", isDefaultGroupClass],
    ],
    [
      "a default class of another driver only",
      { group: withoutClass, classes: [defaultClass("a", "other.example.com")] },
      "SetDefaultGroupSnapshotClassFailed",
      ["cannot find default group snapshot class", "scripted.csi.example.com"],
    ],
    [
      "two default classes",
      { group: withoutClass, classes: [defaultClass("b"), defaultClass("a")] },
      "SetDefaultGroupSnapshotClassFailed",
      ["2 default snapshot classes were found", "a, b"],
    ],
    [
      "a selector that matches nothing",
      { claims: [] },
      "GroupSnapshotValidationError",
      ['{"matchLabels":{"app":"db"}}', 'namespace "shop"', "label the claims"],
    ],
    [
      "a claim that is being deleted",
      { claims: [aSourceClaim("data"), going("wal")] },
      "GroupSnapshotValidationError",
      ['claim "wal"', "being deleted"],
    ],
    [
      "claims that are pending, all of them named at once",
      { claims: [pending("data"), aSourceClaim("tmp"), pending("wal")] },
      "GroupSnapshotValidationError",
      ['claims "data", "wal"', "not bound"],
    ],
    [
      "a claim whose volume does not exist",
      { claims: [{ claim: aSourceClaim("data").claim, volume: undefined }] },
      "GroupSnapshotValidationError",
      ['"data"', "PersistentVolume that does not exist"],
    ],
    [
      "a volume that is not of CSI",
      { claims: [ofNoCsi("data")] },
      "GroupSnapshotValidationError",
      ['"data"', "no CSI driver"],
    ],
    [
      "claims of two drivers",
      { claims: [ofDriver("data", "a.example.com"), ofDriver("wal", "b.example.com")] },
      "GroupSnapshotValidationError",
      ['a.example.com: "data"', 'b.example.com: "wal"', "one driver"],
    ],
    [
      "a class of another driver",
      { classes: [aGroupClass({ driver: "other.example.com" })] },
      "GetGroupSnapshotClassFailed",
      ['"groups"', "other.example.com", "scripted.csi.example.com"],
    ],
    [
      "a class with an unknown parameter of ours",
      { classes: [aGroupClass({ parameters: { "csi.storage.k8s.io/snapshoter-secret-name": "x" } })] },
      "GetGroupSnapshotClassFailed",
      ['VolumeGroupSnapshotClass "groups"', "csi.storage.k8s.io/snapshoter-secret-name"],
    ],
    [
      "a secret template that means nothing",
      {
        group: aProtectedGroup(),
        claims: [protectedClaim("data")],
        classes: [
          aGroupClass({
            parameters: {
              "csi.storage.k8s.io/group-snapshotter-secret-name": "x",
              "csi.storage.k8s.io/group-snapshotter-secret-namespace": placeholder("pod.name"),
            },
          }),
        ],
      },
      "CreateGroupSnapshotContentFailed",
      [placeholder("pod.name")],
    ],
  ])("%s is told on the group at once, with a reason and a remedy", (_what, change, reason, texts) => {
    const facts = seen(change);
    const plan = decideBinding(facts);
    expect(plan).toMatchObject({ reason, events: [{ type: "Warning", reason }] });
    const message = plan.events?.[0]?.message ?? "";
    for (const text of texts) expect(message).toContain(text);
    const error = { time: "2026-01-02T00:00:00Z", message };
    expect(plan.steps).toMatchObject([
      [{ do: "writeStatus", object: facts.group, status: { readyToUse: false, error } }],
    ]);
  });

  test("is written once: the same obstacle a day later changes nothing", () => {
    const first = decideBinding(seen({ claims: [] }));
    const written = first.steps.flat().flatMap((action) => (action.do === "writeStatus" ? [action.status] : []));
    const group = aGroup({ status: written[0] ?? {} });
    const later = decideBinding(seen({ group, claims: [], now: new Date("2026-01-03T00:00:00Z") }));
    expect(later.steps).toEqual([]);
  });

  test("is looked for in an order that tells of the selector before the class, and of claims before drivers", () => {
    const everythingWrong = seen({ group: selecting({}), classes: [], claims: [] });
    expect(firstObstacle(everythingWrong)?.message).toContain("spec.source.selector is empty");
    const classAndClaims = seen({ classes: [], claims: [pending("data")] });
    expect(firstObstacle(classAndClaims)?.reason).toBe("GetGroupSnapshotClassFailed");
    const goingAndPending = seen({ claims: [going("data"), pending("wal")] });
    expect(firstObstacle(goingAndPending)?.message).toContain("being deleted");
  });

  test("is nothing for claims of one driver and a class of it", () => {
    expect(firstObstacle(seen())).toBeUndefined();
  });
});

describe("binding a group", () => {
  test("puts the finalizer on first", () => {
    const group = aGroup();
    expect(decideBinding(seen({ group })).steps).toEqual([
      [{ do: "change", resource: expect.anything(), object: group, change: { addFinalizers: [groupFinalizer] } }],
    ]);
  });

  test("writes the default class into the group in the same patch", () => {
    const facts = seen({
      group: withoutClass,
      classes: [defaultClass("gold"), defaultClass("x", "other.example.com")],
    });
    expect(classOf(facts)?.metadata.name).toBe("gold");
    expect(decideBinding(facts).steps).toMatchObject([
      [{ change: { addFinalizers: [groupFinalizer], spec: { volumeGroupSnapshotClassName: "gold" } } }],
    ]);
  });

  test("waits for the protection of every claim before it makes the content", () => {
    const plan = decideBinding(
      seen({ group: aProtectedGroup(), claims: [protectedClaim("data"), aSourceClaim("wal")] }),
    );
    expect(plan).toEqual({ reason: "WaitForClaimProtection", steps: [], next: { when: "onChange" } });
  });

  test("creates the content complete, and only then writes its name into the group", () => {
    const group = aProtectedGroup();
    const plan = decideBinding(seen({ group, claims: [protectedClaim("data"), protectedClaim("wal")] }));
    expect(plan.events?.map(({ reason }) => reason)).toEqual(["CreatingGroupSnapshot"]);
    expect(plan.steps).toMatchObject([
      [
        {
          do: "create",
          ownerUid: group.metadata.uid,
          draft: {
            metadata: { name: "groupsnapcontent-uid-of-nightly", finalizers: [groupContentFinalizer] },
            spec: {
              driver: "scripted.csi.example.com",
              deletionPolicy: "Delete",
              volumeGroupSnapshotClassName: "groups",
              volumeGroupSnapshotRef: { namespace: "shop", name: "nightly", uid: "uid-of-nightly" },
              source: { volumeHandles: [handleOf("data"), handleOf("wal")] },
            },
          },
        },
      ],
      [
        {
          do: "writeStatus",
          status: { boundVolumeGroupSnapshotContentName: "groupsnapcontent-uid-of-nightly", readyToUse: false },
        },
      ],
    ]);
  });

  test("keeps the deletion secret on the content, as the class may be gone by then", () => {
    const parameters = {
      "csi.storage.k8s.io/group-snapshotter-secret-name": `${placeholder("volumegroupsnapshot.name")}-key`,
      "csi.storage.k8s.io/group-snapshotter-secret-namespace": placeholder("volumegroupsnapshot.namespace"),
    };
    const plan = decideBinding(
      seen({ group: aProtectedGroup(), claims: [protectedClaim("data")], classes: [aGroupClass({ parameters })] }),
    );
    expect(plan.steps[0]).toMatchObject([
      {
        draft: {
          metadata: {
            annotations: {
              "groupsnapshot.storage.kubernetes.io/deletion-secret-name": "nightly-key",
              "groupsnapshot.storage.kubernetes.io/deletion-secret-namespace": "shop",
            },
          },
        },
      },
    ]);
  });

  test("clears an obstacle's error once it is out of the way", () => {
    const group = aProtectedGroup({ status: { readyToUse: false, error: { message: "there was no class" } } });
    const plan = decideBinding(seen({ group, claims: [protectedClaim("data")] }));
    expect(plan.steps[1]).toMatchObject([{ status: expect.not.objectContaining({ error: expect.anything() }) }]);
  });
});
