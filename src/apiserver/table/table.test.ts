import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { ageColumn, nameColumn } from "../kinds/columns.ts";
import type { Column, Kind } from "../kinds/kind.ts";
import { humanDuration } from "./age.ts";
import { parseJsonPath } from "./json-path.ts";
import { tableOf } from "./table.ts";

const object = {
  metadata: { name: "a", labels: { "app.kubernetes.io/name": "db" }, creationTimestamp: "2026-11-22T15:00:00Z" },
  spec: {
    items: [
      { k: "x", n: 1 },
      { k: "y", n: 2 },
    ],
    flag: true,
    map: { p: 1, q: 2 },
  },
  status: {
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Bound", status: "False" },
    ],
  },
};

describe("a JSONPath", () => {
  test.each<[string, readonly unknown[]]>([
    [".metadata.name", ["a"]],
    ["{.metadata.name}", ["a"]],
    ["$.spec.flag", [true]],
    [".spec.items[0].k", ["x"]],
    [".spec.items[-1].k", ["y"]],
    [".spec.items[*].n", [1, 2]],
    [".spec.items[0:1].n", [1]],
    [".spec.map.*", [1, 2]],
    [`.status.conditions[?(@.type=="Ready")].status`, ["True"]],
    [`.status.conditions[?(@.type!='Ready')].type`, ["Bound"]],
    [".spec.items[?(@.n>1)].k", ["y"]],
    [".status.conditions[?(@.none)].type", []],
    [String.raw`.metadata.labels.app\.kubernetes\.io/name`, ["db"]],
    [".metadata.labels['app.kubernetes.io/name']", ["db"]],
    ["..k", ["x", "y"]],
    [".nothing.here", []],
    [".metadata.constructor", []],
  ])("%s leads to %j", (path, values) => {
    expect(parseJsonPath(path)(object)).toEqual(values);
  });

  test.each([".a[", ".a[?(b)]", ".a[?(@.b==c)]", ".a[x]"])("%s is refused", (path) => {
    expect(() => parseJsonPath(path)).toThrow(/JSONPath/);
  });
});

describe("an age", () => {
  test.each([
    [0, "0s"],
    [45_000, "45s"],
    [119_000, "119s"],
    [200_000, "3m20s"],
    [900_000, "15m"],
    [3 * 3_600_000 + 60_000, "3h1m"],
    [10 * 3_600_000, "10h"],
    [2 * 86_400_000 + 4 * 3_600_000, "2d4h"],
    [20 * 86_400_000, "20d"],
    [3 * 365 * 86_400_000 + 12 * 86_400_000, "3y12d"],
    [9 * 365 * 86_400_000, "9y"],
    [-1000, "0s"],
    [-60_000, "<invalid>"],
  ])("of %i ms is %s", (span, text) => {
    expect(humanDuration(span)).toBe(text);
  });
});

describe("a table", () => {
  const column = (name: string, cell: string, type: Column["type"] = "string"): Column => ({
    name,
    type,
    description: "",
    priority: 0,
    cell,
  });
  const columns = [
    nameColumn,
    column("Ready", `.status.conditions[?(@.type=="Ready")].status`),
    column("Flag", ".spec.flag", "boolean"),
    column("First", ".spec.items[0].n", "integer"),
    column("All", ".spec.items[*].k"),
    column("Map", ".spec.map"),
    column("None", ".spec.none"),
    ageColumn,
  ];
  const kind = { columns } as unknown as Kind; // a table asks a kind for nothing else
  const request = {
    kind,
    objects: [object],
    listMeta: { resourceVersion: "7" },
    now: new Date("2026-11-22T16:00:00Z"),
  };
  const rowOf = (includeObject: "None" | "Metadata" | "Object") =>
    (tableOf({ ...request, includeObject }).rows as readonly JsonObject[])[0];

  test("has a cell for each column, null where there is nothing", () => {
    expect(rowOf("None")).toEqual({ cells: ["a", "True", true, 1, "x y", '{"p":1,"q":2}', null, "60m"] });
  });

  test("carries the list's metadata and says what its columns are", () => {
    const table = tableOf({ ...request, includeObject: "None" });
    expect(table).toMatchObject({ kind: "Table", apiVersion: "meta.k8s.io/v1", metadata: { resourceVersion: "7" } });
    expect((table.columnDefinitions as readonly JsonObject[])[0]).toMatchObject({
      name: "Name",
      type: "string",
      format: "name",
      priority: 0,
    });
  });

  test("carries as much of each object as was asked for", () => {
    expect(rowOf("Metadata")?.object).toEqual({
      kind: "PartialObjectMetadata",
      apiVersion: "meta.k8s.io/v1",
      metadata: object.metadata,
    });
    expect(rowOf("Object")?.object).toBe(object);
  });
});
