import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { type RawClient, type RawEvent, rawClient } from "../../testing/raw-client.ts";
import { widgets } from "../../testing/widgets.ts";

let api: ThrowAwayApi;
let client: RawClient;
beforeAll(async () => {
  api = await throwAwayApi({ crds: [widgets] });
  client = rawClient(api);
});
afterAll(async () => {
  client.close();
  await api.stop();
});

const all = "/apis/example.com/v1/widgets";
const path = "/apis/example.com/v1/namespaces/default/widgets";
const widget = (name: string, labels: JsonObject = {}) => ({
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name, labels },
  spec: { size: 1 },
});
const create = async (name: string, labels: JsonObject = {}) =>
  (await client.send("POST", path, { body: widget(name, labels) })).body;
const patch = async (name: string, body: object) =>
  (await client.send("PATCH", `${path}/${name}`, { body, contentType: "application/merge-patch+json" })).body;
const meta = (body: JsonObject) => body.metadata as Record<string, unknown>;
const versionNow = async () => String(meta((await client.send("GET", `${all}?limit=1`)).body).resourceVersion);
const about = (name: string, type: string) => (event: RawEvent) =>
  event.type === type && meta(event.object).name === name;

test("a watch tells each change in order, and a deletion carries the version of the deletion", async () => {
  const watch = await client.watch(`${path}?watch=true&resourceVersion=${await versionNow()}`);
  const created = await create("told");
  const changed = await patch("told", { spec: { size: 2 } });
  await client.send("DELETE", `${path}/told`);
  const deleted = await watch.next(about("told", "DELETED"));
  watch.close();
  expect(watch.events.map(({ type }) => type)).toEqual(["ADDED", "MODIFIED", "DELETED"]);
  expect(watch.events[0]?.object).toEqual(created);
  expect(watch.events[1]?.object).toEqual(changed);
  expect(Number(meta(deleted.object).resourceVersion)).toBeGreaterThan(Number(meta(changed).resourceVersion));
});

test("an object that leaves the selection is DELETED with its old labels and the change's version, then ADDED again", async () => {
  const watch = await client.watch(`${path}?watch=1&labelSelector=in%3Dyes&resourceVersion=${await versionNow()}`);
  await create("moving", { in: "yes" });
  const left = await patch("moving", { metadata: { labels: { in: "no" } } });
  await patch("moving", { metadata: { labels: { in: "yes" } } });
  const gone = await watch.next(about("moving", "DELETED"));
  await watch.next((event) => event === watch.events[2]);
  watch.close();
  expect(watch.events.map(({ type }) => type)).toEqual(["ADDED", "DELETED", "ADDED"]);
  expect(meta(gone.object)).toMatchObject({ labels: { in: "yes" }, resourceVersion: meta(left).resourceVersion });
});

test("a watch from an older version replays the same events, also after a restart", async () => {
  const from = await versionNow();
  await create("replayed", { in: "yes" });
  await patch("replayed", { metadata: { labels: { in: "no" } } });
  const query = `?watch=1&labelSelector=in%3Dyes&resourceVersion=${from}`;
  const before = await client.watch(path + query);
  await before.next(about("replayed", "DELETED"));
  await api.restart();
  const after = await client.watch(path + query);
  await after.next(about("replayed", "DELETED"));
  after.close();
  expect(after.events).toEqual(before.events);
});

test("a watch without a version begins with what is there", async () => {
  await create("present");
  const watch = await client.watch(`${path}?watch=1&fieldSelector=metadata.name%3Dpresent`);
  const event = await watch.next(() => true);
  watch.close();
  expect(event).toMatchObject({ type: "ADDED", object: { metadata: { name: "present" } } });
});

test("streaming lists end their initial events with an annotated bookmark at the list's version", async () => {
  await create("streamed");
  const query = "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  const watch = await client.watch(path + query);
  const bookmark = await watch.next(({ type }) => type === "BOOKMARK");
  watch.close();
  expect(bookmark.object).toMatchObject({
    kind: "Widget",
    apiVersion: "example.com/v1",
    metadata: { annotations: { "k8s.io/initial-events-end": "true" }, resourceVersion: await versionNow() },
  });
  expect(watch.events.some(about("streamed", "ADDED"))).toBe(true);
  expect((await client.send("GET", `${path}?watch=1&sendInitialEvents=true`)).code).toBe(422);
});

test("a watch ends by its timeout, with a bookmark before if its kind moved on", async () => {
  const from = await versionNow();
  const name = "fieldSelector=metadata.name%3Dnobody";
  const watch = await client.watch(
    `${path}?watch=1&timeoutSeconds=1&allowWatchBookmarks=1&${name}&resourceVersion=${from}`,
  );
  await watch.ended;
  expect(watch.events).toEqual([]);
  const moved = meta(await create("elsewhere")).resourceVersion;
  const second = await client.watch(
    `${path}?watch=1&timeoutSeconds=1&allowWatchBookmarks=1&${name}&resourceVersion=${from}`,
  );
  await second.ended;
  expect(second.events).toMatchObject([{ type: "BOOKMARK", object: { metadata: { resourceVersion: moved } } }]);
});

test("tables and partial metadata are watched in their own shape", async () => {
  const from = await versionNow();
  const accept = (as: string) => ({ headers: { accept: `application/json;as=${as};v=v1;g=meta.k8s.io` } });
  const table = await client.watch(`${path}?watch=1&resourceVersion=${from}`, accept("Table"));
  const partial = await client.watch(`${path}?watch=1&resourceVersion=${from}`, accept("PartialObjectMetadata"));
  await create("shaped");
  const row = await table.next(() => true);
  const metadata = await partial.next(() => true);
  table.close();
  partial.close();
  expect(row.object).toMatchObject({ kind: "Table", rows: [{ object: { metadata: { name: "shaped" } } }] });
  expect(metadata.object).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "shaped" } });
  expect(metadata.object.spec).toBeUndefined();
});

test("pages all show the state and carry the version of the first page, whatever is written in between", async () => {
  const labels = { paged: "yes" };
  for (const name of ["p-1", "p-2", "p-3", "p-4"]) await create(name, labels);
  const query = `${path}?labelSelector=paged%3Dyes&limit=2`;
  const first = (await client.send("GET", query)).body;
  await client.send("DELETE", `${path}/p-3`);
  await patch("p-4", { metadata: { labels: { paged: "no" } } });
  await create("p-5", labels);
  const second = (await client.send("GET", `${query}&continue=${meta(first).continue}`)).body;
  const names = [first, second].flatMap((page) => (page.items as JsonObject[]).map((item) => meta(item).name));
  expect(names).toEqual(["p-1", "p-2", "p-3", "p-4"]);
  expect(meta(second).resourceVersion).toBe(meta(first).resourceVersion);
  expect(meta(second).continue).toBeUndefined();
});

test("a continue token that was made up is 400, a version from the future is 504 with a hint when to retry", async () => {
  const token = await client.send("GET", `${path}?limit=2&continue=nonsense`);
  expect(token.code).toBe(400);
  const future = await client.send("GET", `${path}?resourceVersion=999999&resourceVersionMatch=NotOlderThan`);
  expect(future.code).toBe(504);
  expect(future.headers["retry-after"]).toBe("1");
  expect(future.body).toMatchObject({ details: { causes: [{ reason: "ResourceVersionTooLarge" }] } });
});

test("an exact version shows the past", async () => {
  const past = meta(await create("exact")).resourceVersion;
  await client.send("DELETE", `${path}/exact`);
  const answer = await client.send("GET", `${path}?resourceVersion=${past}&resourceVersionMatch=Exact`);
  const names = (answer.body.items as JsonObject[]).map((item) => meta(item).name);
  expect(names).toContain("exact");
  expect(meta(answer.body).resourceVersion).toBe(past);
});

test("one object can be watched by its name", async () => {
  await create("single");
  const watch = await client.watch(`${path}?watch=1&fieldSelector=metadata.name%3Dsingle`);
  await create("single-other");
  await client.send("DELETE", `${path}/single`);
  await watch.next(about("single", "DELETED"));
  watch.close();
  expect(watch.events.map(({ object }) => meta(object).name)).toEqual(["single", "single"]);
});
