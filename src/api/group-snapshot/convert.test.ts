import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFailure } from "../../lib/failure.ts";
import { equalJson, type JsonObject, parseJson, stringifyJson } from "../../lib/json.ts";
import { infoListAnnotation } from "../annotations.ts";
import { convertGroupObject } from "./convert.ts";
import { type GroupVersion, groupVersions } from "./versions.ts";

const group = "groupsnapshot.storage.k8s.io";
const longNs = 1754000000123456789n;

const text = fc.string({ maxLength: 12 });
const long = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .map((value) => parseJson(String(value)) as number | bigint);
const optional = (fields: Record<string, fc.Arbitrary<unknown>>, requiredKeys: string[] = []) =>
  fc.record(fields, { requiredKeys }) as fc.Arbitrary<JsonObject>;

const named = optional({ name: text });
const info = optional({
  volumeHandle: text,
  snapshotHandle: text,
  creationTime: long,
  readyToUse: fc.boolean(),
  restoreSize: long,
  unknown: text,
});
const pair = optional({ volumeHandle: text, snapshotHandle: text, unknown: text }, ["volumeHandle", "snapshotHandle"]);
const moment = fc
  .record({
    second: fc.date({ min: new Date("1800-01-01"), max: new Date("2200-01-01"), noInvalidDate: true }),
    fraction: fc.stringMatching(/^(\.\d{1,12})?$/),
    zone: fc.constantFrom("Z", "z", "+02:00", "-11:30"),
  })
  .map(({ second, fraction, zone }) => second.toISOString().replace(/\.\d+Z$/, fraction + zone));
/** What the schema lets in and no clock says: a leap second, a year that 64 bits cannot reach. */
const oddMoment = fc.constantFrom("2016-12-31T23:59:60Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z");

const membersOf: Readonly<Record<GroupVersion, Record<string, fc.Arbitrary<unknown>>>> = {
  v1alpha1: {
    creationTime: long,
    pvVolumeSnapshotContentList: fc.array(optional({ persistentVolumeRef: named, volumeSnapshotContentRef: named })),
    volumeSnapshotContentRefList: fc.array(optional({ kind: text, name: text, uid: text })),
  },
  v1beta1: { creationTime: fc.oneof(moment, oddMoment), volumeSnapshotHandlePairList: fc.array(pair) },
  v1beta2: { creationTime: fc.oneof(moment, oddMoment), volumeSnapshotInfoList: fc.array(info) },
  v1: { creationTime: fc.oneof(moment, oddMoment), volumeSnapshotInfoList: fc.array(info) },
};

const alphaGroupLists = {
  pvcVolumeSnapshotRefList: fc.array(optional({ persistentVolumeClaimRef: named, volumeSnapshotRef: named })),
  volumeSnapshotRefList: fc.array(optional({ kind: text, name: text })),
};

const metadata = optional({
  name: text,
  uid: text,
  annotations: fc.dictionary(text, text, { minKeys: 1 }),
  labels: fc.dictionary(text, text),
});

function objectOf(version: GroupVersion): fc.Arbitrary<JsonObject> {
  const shared = {
    readyToUse: fc.boolean(),
    error: optional({ message: text }),
    unknown: fc.jsonValue({ maxDepth: 1 }),
  };
  const whole = (kind: string, fields: Record<string, fc.Arbitrary<unknown>>) =>
    optional(
      { apiVersion: fc.constant(`${group}/${version}`), kind: fc.constant(kind), metadata, future: text, ...fields },
      ["apiVersion", "kind", "metadata"],
    );
  const source = optional({
    volumeHandles: fc.array(text),
    ...(version === "v1alpha1" && { persistentVolumeNames: fc.array(text), volumeGroupSnapshotHandle: text }),
  });
  const spec = optional({ driver: text, source, unknown: long });
  const whatever = fc.oneof(
    whole("VolumeGroupSnapshot", {
      spec,
      status: optional({ ...shared, ...(version === "v1alpha1" && alphaGroupLists) }),
    }),
    whole("VolumeGroupSnapshotContent", { spec, status: optional({ ...shared, ...membersOf[version] }) }),
    whole("VolumeGroupSnapshotClass", { driver: text, parameters: fc.dictionary(text, text) }),
  );
  return whatever.map(overTheWire);
}

const overTheWire = (object: JsonObject) => parseJson(stringifyJson(object)) as JsonObject; // an object went in

const others = (version: GroupVersion) => groupVersions.filter((other) => other !== version);

describe("every version converts to every other and back", () => {
  test.each(groupVersions.flatMap((from) => others(from).map((to) => ({ from, to }))))(
    "from $from to $to and back again gives the same object, digit for digit",
    ({ from, to }) => {
      fc.assert(
        fc.property(objectOf(from), (object) => {
          const there = convertGroupObject(object, to);
          const back = convertGroupObject(overTheWire(there), from);
          expect(there.apiVersion).toBe(`${group}/${to}`);
          expect(equalJson(back, object), `${stringifyJson(object)} came back as ${stringifyJson(back)}`).toBe(true);
        }),
      );
    },
  );

  test.each(groupVersions)("any way round through the versions leads back to the same %s object", (from) => {
    fc.assert(
      fc.property(objectOf(from), fc.array(fc.constantFrom(...groupVersions), { maxLength: 6 }), (object, way) => {
        const back = [...way, from].reduce(convertGroupObject, object);
        expect(equalJson(back, object)).toBe(true);
      }),
    );
  });

  test("the way matters not: two steps give what one does", () => {
    fc.assert(
      fc.property(
        objectOf("v1"),
        fc.constantFrom(...groupVersions),
        fc.constantFrom(...groupVersions),
        (object, a, b) => {
          const once = convertGroupObject(object, b);
          expect(equalJson(convertGroupObject(convertGroupObject(object, a), b), once)).toBe(true);
        },
      ),
    );
  });
});

const content = (version: GroupVersion, status: JsonObject, annotations: Record<string, string> = {}): JsonObject => ({
  apiVersion: `${group}/${version}`,
  kind: "VolumeGroupSnapshotContent",
  metadata: { name: "c", annotations: { "example.com/mine": "kept", ...annotations } },
  spec: { driver: "d" },
  status,
});
const aMember = { volumeHandle: "v", snapshotHandle: "s", creationTime: longNs, readyToUse: true, restoreSize: 5 };

describe("what an older version shows", () => {
  test("v1beta1 shows pairs, and an annotation carries what they cannot say", () => {
    const { metadata, status } = convertGroupObject(content("v1", { volumeSnapshotInfoList: [aMember] }), "v1beta1");
    expect(status).toMatchObject({ volumeSnapshotHandlePairList: [{ volumeHandle: "v", snapshotHandle: "s" }] });
    expect(metadata).toMatchObject({
      annotations: {
        "example.com/mine": "kept",
        [infoListAnnotation]:
          '[{"volumeHandle":"v","snapshotHandle":"s","creationTime":1754000000123456789,"readyToUse":true,"restoreSize":5}]',
      },
    });
  });

  test("v1alpha1 shows a content's moment in nanoseconds", () => {
    const { status } = convertGroupObject(
      content("v1", { creationTime: "2025-07-31T22:13:20.123456789Z" }),
      "v1alpha1",
    );
    expect(status).toEqual({ creationTime: longNs });
  });

  test.each([
    [{ persistentVolumeNames: ["pv-1", "pv-2"] }, { volumeHandles: [] }],
    [
      { volumeGroupSnapshotHandle: "g" },
      { groupSnapshotHandles: { volumeGroupSnapshotHandle: "g", volumeSnapshotHandles: [] } },
    ],
  ])("the first v1alpha1's source %j has its place in v1, and is there again on the way back", (source, newest) => {
    const old = { ...content("v1alpha1", {}), spec: { driver: "d", source } };
    const now = convertGroupObject(old, "v1");
    expect(now.spec).toEqual({ driver: "d", source: newest });
    expect(convertGroupObject(convertGroupObject(now, "v1beta1"), "v1alpha1")).toEqual(old);
  });

  test("what a client of v1beta1 says of the members holds, and details of those it leaves stay", () => {
    const shown = convertGroupObject(
      content("v1", { volumeSnapshotInfoList: [aMember, { ...aMember, volumeHandle: "w" }] }),
      "v1beta1",
    );
    const changed = {
      ...shown,
      status: {
        volumeSnapshotHandlePairList: [
          { volumeHandle: "v", snapshotHandle: "s" },
          { volumeHandle: "x", snapshotHandle: "t" },
        ],
      },
    };
    expect(convertGroupObject(changed, "v1").status).toEqual({
      volumeSnapshotInfoList: [aMember, { volumeHandle: "x", snapshotHandle: "t" }],
    });
    expect(convertGroupObject({ ...shown, status: {} }, "v1").status).toEqual({});
  });

  test.each([
    ["without the annotation", (shown: JsonObject) => ({ ...shown, metadata: { name: "c" } })],
    [
      "with a status of the fields that v1beta1 has",
      (shown: JsonObject) => ({
        ...shown,
        status: { volumeSnapshotHandlePairList: [{ volumeHandle: "v", snapshotHandle: "s" }] },
      }),
    ],
  ])("a client of v1beta1 that writes the content back %s drops nothing", (_how, written) => {
    const shown = convertGroupObject(content("v1", { volumeSnapshotInfoList: [aMember] }), "v1beta1");
    expect(convertGroupObject(written(shown), "v1").status).toEqual({ volumeSnapshotInfoList: [aMember] });
  });

  test.each(["no JSON", "{}", "[7]", '[{"volumeHandle":7}]'])(
    "an annotation that says %s is no list, and does not stop the conversion",
    (carried) => {
      const pairs = [{ volumeHandle: "v", snapshotHandle: "s" }];
      const object = content("v1beta1", { volumeSnapshotHandlePairList: pairs }, { [infoListAnnotation]: carried });
      expect(convertGroupObject(object, "v1").status).toEqual({ volumeSnapshotInfoList: pairs });
    },
  );
});

describe("what cannot be converted is refused with a reason", () => {
  const v1 = content("v1", {});
  test.each<[string, JsonObject, string, RegExp]>([
    ["nothing", {}, "v1", /without apiVersion and kind/],
    ["an unknown target", v1, "v2", /"v2" is not known; there are v1alpha1, v1beta1, v1beta2, v1/],
    ["an unknown source", { ...v1, apiVersion: `${group}/v7` }, "v1", /"v7" is not known/],
    ["a group without version", { ...v1, apiVersion: group }, "v1", /"" is not known/],
    ["a foreign group", { ...v1, apiVersion: "apps/v1" }, "v1", /of apps\/v1: only VolumeGroupSnapshot, /],
    ["a foreign kind", { ...v1, kind: "toString" }, "v1", /cannot convert toString/],
    ["a kind that is no text", { ...v1, kind: 7 }, "v1", /without apiVersion and kind/],
    ["members that are no list", content("v1", { volumeSnapshotInfoList: {} }), "v1beta1", /InfoList must be a list/],
    ["members that are no objects", content("v1", { volumeSnapshotInfoList: [7] }), "v1alpha1", /InfoList must be/],
    ["pairs of numbers", content("v1beta1", { volumeSnapshotHandlePairList: [{ volumeHandle: 7 }] }), "v1", /PairList/],
    ["references that are no list", content("v1alpha1", { volumeSnapshotContentRefList: "x" }), "v1", /RefList/],
    ["a number for a moment", content("v1", { creationTime: 7 }), "v1alpha1", /a moment as RFC 3339/],
    ["a text for nanoseconds", content("v1alpha1", { creationTime: "7" }), "v1", /nanoseconds since 1970/],
    ["more than 64 bits", content("v1alpha1", { creationTime: 2n ** 63n }), "v1beta1", /in 64 bits/],
    ["a status that is none", { ...content("v1", {}), status: [] }, "v1alpha1", /status must be an object/],
    ["metadata that is none", { ...v1, metadata: "x" }, "v1alpha1", /metadata must be an object/],
    ["numbers as annotations", { ...v1, metadata: { annotations: { a: 7 } } }, "v1alpha1", /annotations must be texts/],
  ])("conversion of %s is refused", (_what, object, toVersion, message) => {
    expect(() => convertGroupObject(object, toVersion)).toThrow(message);
  });

  test("whatever comes in, conversion gives an object or a Failure", () => {
    const odd = fc.record({
      apiVersion: fc.constantFrom(...groupVersions.map((version) => `${group}/${version}`)),
      kind: fc.constantFrom("VolumeGroupSnapshot", "VolumeGroupSnapshotContent", "VolumeGroupSnapshotClass"),
      metadata: fc.jsonValue({ maxDepth: 2 }),
      status: fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        fc.dictionary(fc.constantFrom(...statusFields), fc.jsonValue({ maxDepth: 2 })),
      ),
    });
    fc.assert(
      fc.property(odd, fc.constantFrom(...groupVersions), (object, to) => {
        expect(outcomeOf(() => convertGroupObject(object as JsonObject, to))).toBe("fine");
      }),
    );
  });
});

const statusFields = [
  "creationTime",
  "volumeSnapshotInfoList",
  "volumeSnapshotHandlePairList",
  "pvVolumeSnapshotContentList",
  "pvcVolumeSnapshotRefList",
];

function outcomeOf(convert: () => JsonObject): string {
  try {
    convert();
    return "fine";
  } catch (error) {
    return isFailure(error, "invalid") ? "fine" : String(error);
  }
}
