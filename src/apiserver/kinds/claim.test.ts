import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { claim } from "./claim.ts";
import { builtInKind } from "./define.ts";

const kind = builtInKind(claim);
const now = new Date("2026-11-22T16:00:00Z");

const data = (spec: JsonObject = {}, status?: JsonObject): JsonObject => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "data", namespace: "demo" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec },
  ...(status && { status }),
});

const created = (spec: JsonObject) => kind.admit(data(spec), { verb: "create", now });
const stored = (spec: JsonObject = {}, status: JsonObject = { phase: "Pending" }) => ({
  ...created(spec).object,
  status,
});
const changed = (old: JsonObject, spec: JsonObject) =>
  kind
    .admit({ ...old, spec: { ...(old.spec as JsonObject), ...spec } }, { verb: "update", old, now })
    .errors.map(({ field, message }) => `${field}: ${message}`);

const storage = (amount: string) => ({ resources: { requests: { storage: amount } } });
const snapshot = { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "s" };
const bound = { phase: "Bound", capacity: { storage: "2Gi" } };

describe("a claim", () => {
  test("begins pending, as a filesystem, its size in canonical spelling", () => {
    expect(created(storage("1024Mi")).object).toMatchObject({
      spec: { volumeMode: "Filesystem", resources: { requests: { storage: "1Gi" } } },
      status: { phase: "Pending" },
    });
  });

  test("names its source both ways, whichever way it was given", () => {
    const both = { dataSource: snapshot, dataSourceRef: snapshot };
    expect(created({ dataSource: snapshot }).object.spec).toMatchObject(both);
    expect(created({ dataSourceRef: snapshot }).object.spec).toMatchObject(both);
  });

  test("does not mirror a source in another namespace", () => {
    const { object } = created({ dataSourceRef: { ...snapshot, namespace: "other" } });
    expect((object.spec as JsonObject).dataSource).toBeUndefined();
  });

  test.each<[string, JsonObject, string]>([
    ["no access mode", { accessModes: [] }, "spec.accessModes"],
    ["an unknown access mode", { accessModes: ["Sometimes"] }, "spec.accessModes"],
    ["two modes of which one is exclusive", { accessModes: ["ReadWriteOncePod", "ReadOnlyMany"] }, "spec.accessModes"],
    ["no size", { resources: {} }, "spec.resources[storage]"],
    ["the size 0", storage("0"), "spec.resources[storage]"],
    ["a size that is no quantity", storage("big"), "spec.resources.requests.storage"],
    ["a source without a name", { dataSource: { ...snapshot, name: "" } }, "spec.dataSource.name"],
    ["two different sources", { dataSource: snapshot, dataSourceRef: { ...snapshot, name: "t" } }, "spec"],
  ])("is refused with %s", (_what, spec, field) => {
    expect(created(spec).errors.map((error) => error.field)).toContain(field);
  });

  const immutable =
    "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

  test.each<[string, JsonObject]>([
    ["access modes", { accessModes: ["ReadOnlyMany"] }],
    ["class, once it has one", { storageClassName: "other" }],
    ["volume mode", { volumeMode: "Block" }],
    ["source", { dataSource: snapshot, dataSourceRef: snapshot }],
    ["size while it is not bound", storage("2Gi")],
  ])("cannot change its %s", (_what, spec) => {
    expect(changed(stored({ storageClassName: "fast" }), spec)).toEqual([immutable]);
  });

  test("gets a volume and a class once", () => {
    expect(changed(stored(), { volumeName: "v", storageClassName: "fast" })).toEqual([]);
    expect(changed(stored({ volumeName: "v" }), { volumeName: "w" })).toEqual([immutable]);
  });

  test("grows when it is bound, and never asks for less than it has", () => {
    expect(changed(stored(storage("2Gi"), bound), storage("3Gi"))).toEqual([]);
    expect(changed(stored(storage("4Gi"), bound), storage("3Gi"))).toEqual([]);
    expect(changed(stored(storage("2Gi"), bound), storage("1Gi"))).toEqual([
      "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity",
    ]);
  });

  test("names fields it does not know instead of dropping them silently", () => {
    expect(created({ storageClass: "fast" }).unknownFields).toEqual(["spec.storageClass"]);
  });
});
