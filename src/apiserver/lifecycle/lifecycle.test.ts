import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { type RawClient, rawClient } from "../../testing/raw-client.ts";
import { widgets } from "../../testing/widgets.ts";

let api: ThrowAwayApi;
let client: RawClient;
beforeAll(async () => {
  api = await throwAwayApi();
  client = rawClient(api);
});
afterAll(async () => {
  client.close();
  await api.stop();
});

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const definition = `${definitions}/widgets.example.com`;
const objects = "/apis/example.com/v1/namespaces/default/widgets";
const code = async (path: string) => (await client.send("GET", path)).code;
const merge = (path: string, body: object) =>
  client.send("PATCH", path, { body, contentType: "application/merge-patch+json" });

const widget = (name: string, finalizers: readonly string[] = []) => ({
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name, finalizers },
  spec: { size: 1 },
});

test("the default namespaces are there from the start and cannot be deleted", async () => {
  expect(await code("/api/v1/namespaces/default")).toBe(200);
  expect((await client.send("DELETE", "/api/v1/namespaces/default")).code).toBe(403);
});

test("a deleted namespace is emptied, lets nothing in meanwhile, and goes when it is empty", async () => {
  await client.send("POST", "/api/v1/namespaces", { body: { metadata: { name: "room" } } });
  const maps = "/api/v1/namespaces/room/configmaps";
  await client.send("POST", maps, { body: { metadata: { name: "held", finalizers: ["example.com/hold"] } } });
  await client.send("POST", maps, { body: { metadata: { name: "free" } } });
  const deleted = await client.send("DELETE", "/api/v1/namespaces/room");
  expect(deleted.body).toMatchObject({ status: { phase: "Terminating" }, metadata: { name: "room" } });
  const late = await client.send("POST", maps, { body: { metadata: { name: "late" } } });
  expect(late.code).toBe(403);
  expect(late.body).toMatchObject({ details: { causes: [{ reason: "NamespaceTerminating" }] } });
  await expect.poll(() => code(`${maps}/free`)).toBe(404);
  expect(await code("/api/v1/namespaces/room")).toBe(200);
  await merge(`${maps}/held`, { metadata: { finalizers: null } });
  await expect.poll(() => code("/api/v1/namespaces/room")).toBe(404);
});

test("a restart goes on emptying a namespace", async () => {
  await client.send("POST", "/api/v1/namespaces", { body: { metadata: { name: "again" } } });
  const maps = "/api/v1/namespaces/again/configmaps";
  await client.send("POST", maps, { body: { metadata: { name: "held", finalizers: ["example.com/hold"] } } });
  await client.send("DELETE", "/api/v1/namespaces/again");
  await api.restart();
  await merge(`${maps}/held`, { metadata: { finalizers: null } });
  await expect.poll(() => code("/api/v1/namespaces/again")).toBe(404);
});

test("a kind is served as soon as the creation of its definition is answered, and discovery knows it", async () => {
  expect(await code(objects)).toBe(404);
  const created = await client.send("POST", definitions, { body: widgets });
  expect(created.code).toBe(201);
  const status = created.body.status as { conditions: JsonObject[]; storedVersions: string[] };
  expect(status.storedVersions).toEqual(["v1"]);
  expect(status.conditions).toContainEqual(expect.objectContaining({ type: "Established", status: "True" }));
  expect(await code(objects)).toBe(200);
  const group = await client.send("GET", "/apis/example.com/v1");
  expect(group.body).toMatchObject({
    resources: [{ name: "widgets", shortNames: ["wd"] }, { name: "widgets/status" }],
  });
});

test("objects stored before a default was added to the schema show it when they are read", async () => {
  await client.send("POST", objects, { body: widget("old") });
  const { body } = await client.send("GET", definition);
  const changed = structuredClone(body) as unknown as typeof widgets & { spec: { versions: JsonObject[] } };
  const properties = (
    changed.spec.versions[0] as {
      schema: { openAPIV3Schema: { properties: { spec: { properties: Record<string, object> } } } };
    }
  ).schema.openAPIV3Schema.properties.spec.properties;
  properties.shape = { type: "string", default: "round" };
  expect((await client.send("PUT", definition, { body: changed })).code).toBe(200);
  expect((await client.send("GET", `${objects}/old`)).body.spec).toMatchObject({ size: 1, shape: "round" });
});

test("a definition that is wrong is refused with the field at fault", async () => {
  const spec = { ...(widgets.spec as JsonObject), names: { plural: "gadgets", kind: "Widget" } };
  const answer = await client.send("POST", definitions, { body: { ...widgets, spec } });
  expect(answer.code).toBe(422);
  expect(answer.body.message).toContain("metadata.name");
});

test("definitions and their objects are there after a restart", async () => {
  await api.restart();
  expect((await client.send("GET", `${objects}/old`)).body.spec).toMatchObject({ size: 1 });
});

test("the deletion of a definition deletes its objects, waits for their finalizers, and ends the watches", async () => {
  await client.send("POST", objects, { body: widget("free") });
  await client.send("POST", objects, { body: widget("held", ["example.com/hold"]) });
  const watch = await client.watch(`${objects}?watch=1`);
  await client.send("DELETE", definition);
  await expect.poll(() => code(`${objects}/free`)).toBe(404);
  const late = await client.send("POST", objects, { body: widget("late") });
  expect(late.code).toBe(403);
  expect(await code(definition)).toBe(200);
  await merge(`${objects}/held`, { metadata: { finalizers: null } });
  await watch.ended;
  expect(watch.events.filter(({ type }) => type === "DELETED")).toHaveLength(3);
  expect([await code(definition), await code(objects)]).toEqual([404, 404]);
});
