import { expect } from "vitest";
import type { RawAnswer } from "../../../../src/testing/raw-client.ts";
import { area } from "../area.ts";
import { gadget, map } from "../objects.ts";

export const tables = area("tables and partial metadata");
const { test } = tables;

const asTable = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
const asMetadata = { accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io" };
const asMetadataList = { accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io" };

const metadataKind = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1" };

interface Table {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: object;
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object?: { readonly kind: string } }[];
}

const tableOf = ({ body }: RawAnswer) => body as unknown as Table;

test("a list comes as a table with the columns of its kind, and the metadata of each object", async ({
  get,
  make,
  maps,
}) => {
  await make(maps, map("one", { a: "1", b: "2" }));
  const table = tableOf(await get(maps, asTable));
  expect(table).toMatchObject({ kind: "Table", apiVersion: "meta.k8s.io/v1" });
  expect(table.columnDefinitions.map(({ name }) => name)).toEqual(["Name", "Data", "Age"]);
  expect(table.rows).toEqual([
    {
      cells: ["one", 2, expect.stringMatching(/^\d+s$/)],
      object: {
        ...metadataKind,
        metadata: expect.objectContaining({ name: "one" }),
      },
    },
  ]);
});

test("one object comes as a table with one row, which carries its version", async ({ get, make, maps }) => {
  const { metadata } = await make(maps, map("one"));
  const table = tableOf(await get(`${maps}/one`, asTable));
  expect(table.metadata).toEqual({ resourceVersion: metadata.resourceVersion });
  expect(table.rows.length).toBe(1);
});

test("a table's rows carry whole objects or none, as asked", async ({ get, make, maps }) => {
  await make(maps, map("one"));
  const whole = tableOf(await get(`${maps}?includeObject=Object`, asTable));
  const none = tableOf(await get(`${maps}?includeObject=None`, asTable));
  expect(whole.rows[0]?.object).toMatchObject({ kind: "ConfigMap", data: { a: "1" } });
  expect(none.rows[0]?.object ?? "none").toBe("none");
});

test("a custom kind's table has the columns of its definition, wide ones by their priority", async ({
  get,
  make,
  gadgets,
}) => {
  await make(gadgets, gadget("one", { size: 7 }));
  const table = tableOf(await get(gadgets, asTable));
  expect(table.columnDefinitions).toMatchObject([
    { name: "Name", type: "string", format: "name", priority: 0 },
    { name: "Size", type: "integer", description: "How large it is.", priority: 0 },
    { name: "Color", type: "string", priority: 1 },
    { name: "Age", type: "date", priority: 0 },
  ]);
  expect(table.rows[0]?.cells).toEqual(["one", 7, "green", expect.stringMatching(/^\d+s$/)]);
});

test("a cell of a column whose field is absent is null", async ({ get, make, here }) => {
  const path = `/api/v1${here}/persistentvolumeclaims`;
  await make(path, {
    metadata: { name: "one" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, storageClassName: "" },
  });
  const table = tableOf(await get(path, asTable));
  expect(table.columnDefinitions.map(({ name }) => name)).toEqual([
    "Name",
    "Status",
    "Volume",
    "Capacity",
    "Access Modes",
    "StorageClass",
    "VolumeAttributesClass",
    "Age",
    "VolumeMode",
  ]);
  expect(table.rows[0]?.cells.slice(0, 4)).toEqual(["one", "Pending", "", ""]);
});

test("only the first row of a watch's tables brings the columns", async ({ make, watch, maps }) => {
  const { metadata } = await make(maps, map("one"));
  const events = await watch(`${maps}?resourceVersion=0`, { headers: asTable });
  const first = await events.next(({ type }) => type === "ADDED");
  await make(maps, map("two"));
  const second = await events.next(({ object }) => JSON.stringify(object).includes('"two"'));
  const tables = [first, second].map(({ object }) => object as unknown as Table);
  expect(tables.map(({ kind, rows }) => `${kind} ${rows.length}`)).toEqual(["Table 1", "Table 1"]);
  expect(tables[0]?.metadata).toEqual({ resourceVersion: metadata.resourceVersion });
  expect(tables.map(({ columnDefinitions }) => columnDefinitions?.length ?? 0)).toEqual([3, 0]);
});

test("an empty list is a table without rows that has its columns", async ({ get, maps }) => {
  const table = tableOf(await get(maps, asTable));
  expect(table.rows).toEqual([]);
  expect(table.columnDefinitions.length).toBe(3);
});

test("what goes wrong is no table", async ({ get, maps }) => {
  const answer = await get(`${maps}/none`, asTable);
  expect(answer.code).toBe(404);
  expect(answer.body).toMatchObject({ kind: "Status", reason: "NotFound" });
});

test("an object comes as its metadata alone", async ({ get, make, gadgets }) => {
  await make(gadgets, gadget("one"));
  const { body } = await get(`${gadgets}/one`, asMetadata);
  expect(body).toEqual({
    ...metadataKind,
    metadata: expect.objectContaining({ name: "one", generation: 1 }),
  });
});

test("a list comes as metadata alone", async ({ get, make, gadgets, maps }) => {
  await make(gadgets, gadget("one"));
  await make(maps, map("two"));
  for (const path of [gadgets, maps])
    expect((await get(path, asMetadataList)).body).toEqual({
      kind: "PartialObjectMetadataList",
      apiVersion: "meta.k8s.io/v1",
      metadata: { resourceVersion: expect.stringMatching(/^\d+$/) },
      items: [{ ...metadataKind, metadata: expect.objectContaining({ name: expect.stringMatching(/one|two/) }) }],
    });
});

test("a watch sends metadata alone to clients that ask for it", async ({ make, watch, gadgets }) => {
  await make(gadgets, gadget("one"));
  const events = await watch(`${gadgets}?resourceVersion=0`, { headers: asMetadata });
  const { object } = await events.next(({ type }) => type === "ADDED");
  expect(object).toMatchObject(metadataKind);
  expect(object).not.toHaveProperty("spec");
});

test("a write is answered with the object's metadata alone to those who ask", async ({ send, gadgets }) => {
  const { body } = await send("POST", gadgets, { body: gadget("one"), headers: asMetadata });
  expect(body).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "one" } });
  expect(body).not.toHaveProperty("spec");
});

test("an unknown shape of an answer is 406", async ({ get, maps }) => {
  const answer = await get(maps, { accept: "application/json;as=Chart;v=v1;g=meta.k8s.io" });
  expect(answer.code).toBe(406);
});

test("a table in a version nobody makes is 406, unless JSON will do", async ({ get, maps }) => {
  const old = "application/json;as=Table;v=v0;g=meta.k8s.io";
  expect((await get(maps, { accept: old })).code).toBe(406);
  expect((await get(maps, { accept: `${old},application/json` })).body.kind).toBe("ConfigMapList");
});
