import { describe, expect, test } from "vitest";
import { patchOf } from "../../kube/writes.ts";
import { aClaim, aContentOf, aReadySnapshot } from "../../testing/objects/storage.ts";
import { bindingOf } from "./binding.ts";
import { bySnapshot, contentIndexes, sourceSnapshotsOf } from "./caches.ts";
import { chooseClass } from "./class.ts";
import { isMember } from "./member.ts";
import { errorOf, notice, warning } from "./obstacle.ts";

const snapshot = aReadySnapshot("nightly");
const content = aContentOf(snapshot);
const reference = content.spec.volumeSnapshotRef;

describe("a content and a request", () => {
  test.each([
    ["bound when name, namespace and uid agree", reference, "bound"],
    ["free when the content names no uid", { namespace: "shop", name: "nightly" }, "free"],
    ["foreign when the content names another object of that name", { ...reference, uid: "older" }, "foreign"],
    ["foreign when the content names another namespace", { ...reference, namespace: "bank" }, "foreign"],
    ["foreign when the content names nothing", {}, "foreign"],
  ])("are %s", (_how, found, expected) => {
    expect(bindingOf(snapshot, content, found).is).toBe(expected);
  });
});

describe("a change of metadata", () => {
  const object = { ...snapshot, metadata: { ...snapshot.metadata, finalizers: ["a", "b"] } };

  test("keeps the finalizers of others and carries the version they were read at", () => {
    expect(patchOf(object, { addFinalizers: ["c"], removeFinalizers: ["a"] })).toEqual({
      type: "merge",
      patch: { metadata: { uid: "uid-of-nightly", resourceVersion: "1", finalizers: ["b", "c"] } },
    });
  });

  test("of an annotation alone holds whatever else has changed", () => {
    expect(patchOf(object, { annotations: { mark: null } })).toEqual({
      type: "merge",
      patch: { metadata: { uid: "uid-of-nightly", annotations: { mark: null } } },
    });
  });
});

describe("the class of a snapshot", () => {
  const aClass = (name: string, driver: string, annotations = {}) => ({
    ...snapshot,
    metadata: { ...snapshot.metadata, name, annotations },
    driver,
  });
  const gold = aClass("gold", "d1");
  const main = aClass("main", "d1", { default: "true" });
  const choice = { driver: "d1", defaultAnnotation: "default", noun: "group snapshot class", field: "spec.class" };
  const reasons = { classMissing: "Missing", defaultClass: "Default" };
  const choose = (named: string | undefined, classes: (typeof gold)[]) =>
    chooseClass({ ...choice, reasons, named, classes });

  test("is the one that is named, or the only default of the driver", () => {
    expect([
      choose("gold", [gold, main]),
      choose(undefined, [gold, main, aClass("o", "d2", { default: "true" })]),
    ]).toEqual([gold, main]);
  });

  test.each([
    ["it names one that is not there", "silver", [gold], 'spec.class: there is no group snapshot class "silver"'],
    ["it names one of another driver", "gold", [aClass("gold", "d2")], "is for the driver d2"],
    ["there is no default", undefined, [gold], "cannot find default group snapshot class"],
    [
      "there are two defaults",
      undefined,
      [main, aClass("x", "d1", { default: "true" })],
      "2 default snapshot classes were found",
    ],
  ])("is refused with the reason when %s", (_when, named, classes, expected) => {
    expect(choose(named, classes)).toMatchObject({ message: expect.stringContaining(expected) as string });
  });
});

test("an error that is said again keeps its time", () => {
  const before = { message: "full", time: "2026-01-01T00:00:00Z" };
  const now = new Date("2026-02-02T02:02:02.345Z");
  expect([errorOf("full", now, before), errorOf("empty", now, before)]).toEqual([
    before,
    { message: "empty", time: "2026-02-02T02:02:02Z" },
  ]);
});

test.each([
  ["there is no claim", "There is no claim"],
  ["a driver is away", "A driver is away"],
  ["spec.source is empty", "spec.source is empty"],
  ["local.csi.example is away", "local.csi.example is away"],
  ["CreateSnapshot failed", "CreateSnapshot failed"],
])("an event that says %j reads %j", (said, read) => {
  const texts = [warning(snapshot, { reason: "R", message: said }), notice(snapshot, "R", said)];
  expect(texts.map(({ message }) => message)).toEqual([read, read]);
});

test("a restore is seen by dataSource and by dataSourceRef, also from another namespace", () => {
  const source = { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "nightly" };
  const sources = [
    { dataSource: source },
    { dataSourceRef: { ...source, namespace: "bank" } },
    { dataSource: { ...source, kind: "PersistentVolumeClaim" } },
  ];
  expect(sources.map((spec) => sourceSnapshotsOf(aClaim("restored", spec)))).toEqual([
    ["shop/nightly"],
    ["bank/nightly"],
    [],
  ]);
});

test("a content is filed under the snapshot it names", () => {
  expect(contentIndexes[bySnapshot]?.(content)).toEqual(["shop/nightly"]);
});

test.each(["v1alpha1", "v1beta1", "v1beta2", "v1"])("a member is known by an owner written in %s", (version) => {
  const owner = {
    apiVersion: `groupsnapshot.storage.k8s.io/${version}`,
    kind: "VolumeGroupSnapshot",
    name: "g",
    uid: "u",
  };
  expect(isMember({ ...snapshot, metadata: { ...snapshot.metadata, ownerReferences: [owner] } })).toBe(true);
});
